/** The sidebar's endpoints in a Node-RED with users: nobody, one who may look, one who may act. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import type { NodeRedProcess } from "../../../scripts/demo/node-red.mjs";
import { nodeRedVersions } from "../../support/node-red-versions";

/** bcrypt of the passwords `secret-of-admin` and `secret-of-reader`. */
const USERS = [
  {
    username: "admin",
    password: "$2b$04$7BE64T8tZ9/0E6grnhRuRO8z4uzYtqMmHJMNALBjMfiUBHZ6FbfWy",
    permissions: "*",
  },
  {
    username: "reader",
    password: "$2b$04$78Hq0BkqCGAY.jn39Z7THem3CZwswz21XuPCZqzHVKdMB1Z3EGq.W",
    permissions: "read",
  },
];
const FLOWS = [
  { id: "tab", type: "tab", label: "Test" },
  {
    id: "modem",
    type: "quectel-modem",
    name: "Pump 7",
    version: 1,
    transport: "simulator",
    smtpHost: "127.0.0.1",
    smtpPort: "9",
    smtpSecurity: "none",
    senderAddress: "pump7@example.com",
  },
  { id: "status", type: "quectel-modem-status", z: "tab", modem: "modem", x: 200, y: 80, wires: [[]] },
];
const MODEM = "quectel-modem/modems/modem";
const READS = ["quectel-modem/modems", MODEM, `${MODEM}/trace`, `${MODEM}/report`];
const ACTIONS = ["pause", "resume", "startTrace", "stopTrace"];

for (const version of nodeRedVersions()) {
  describe(`The sidebar in a Node-RED ${version.name} with users`, function () {
    this.timeout(60_000);

    let nodeRed: NodeRedProcess;

    before(async () => {
      const { startNodeRed, linkPackage } = await import("../../../scripts/demo/node-red.mjs");
      const { freePorts } = await import("../../../scripts/demo/ports.mjs");
      const [port] = await freePorts(1);
      assert(port !== undefined);
      nodeRed = await startNodeRed({
        ...version,
        port,
        flows: FLOWS,
        settings: { adminAuth: { type: "credentials", users: USERS } },
        prepare: linkPackage(resolve(__dirname, "../../..")),
      });
    });

    after(() => nodeRed?.stop());

    const token = async (username: string): Promise<string> => {
      const response = await fetch(new URL("auth/token", nodeRed.url), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          client_id: "node-red-editor",
          grant_type: "password",
          scope: USERS.find((user) => user.username === username)?.permissions,
          username,
          password: `secret-of-${username}`,
        }),
      });
      const { access_token } = (await response.json()) as { access_token: string };
      return access_token;
    };
    /** The answer's status code to a user, or to nobody. */
    const ask = async (path: string, user?: string, action?: string): Promise<number> => {
      const response = await fetch(new URL(path, nodeRed.url), {
        headers: {
          "content-type": "application/json",
          ...(user === undefined ? {} : { authorization: `Bearer ${await token(user)}` }),
        },
        ...(action === undefined ? {} : { method: "POST", body: JSON.stringify({ action }) }),
      });
      return response.status;
    };

    it("tells nobody anything without a token, and does nothing for them", async () => {
      for (const path of READS) assert.equal(await ask(path), 401, path);
      for (const action of ACTIONS) assert.equal(await ask(MODEM, undefined, action), 401, action);
    });

    it("shows everything to a user who may only read, and does nothing for him", async () => {
      for (const path of READS) assert.equal(await ask(path, "reader"), 200, path);
      for (const action of ACTIONS) assert.equal(await ask(MODEM, "reader", action), 401, action);
    });

    it("acts for a user who may write", async () => {
      for (const action of ACTIONS) assert.equal(await ask(MODEM, "admin", action), 200, action);
    });
  });
}
