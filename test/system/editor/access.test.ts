/** The endpoints of the dialogs on a Node-RED that wants a login: closed to strangers, half open to readers. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { nodeRedVersions } from "../../support/node-red-versions";
import type { NodeRedProcess } from "../../../scripts/demo/node-red.mjs";

const ROOT = resolve(__dirname, "../../..");
const PASSWORD = "reader-and-writer";
/** `PASSWORD` by bcrypt, as `node-red admin hash-pw` writes it. */
const HASH = "$2b$08$mvZQUVQWr0FAGWk7l8E9..jwepjoLCOoU4QYnD/.tovaUZLVxlk4.";

const READ = ["ports", "providers", "roots", "advice?host=smtp.office365.com&port=587&security=starttls"];
const TEST_REQUEST = {
  kind: "diagnosis",
  modem: "modem",
  flow: "",
  properties: { transport: "simulator", version: 1 },
  credentials: {},
};

for (const version of nodeRedVersions()) {
  describe(`The endpoints of the dialogs on Node-RED ${version.name} with adminAuth`, () => {
    let nodeRed: NodeRedProcess;
    const tokens = new Map<string, string>();

    before(async () => {
      const { startNodeRed, linkPackage } = await import("../../../scripts/demo/node-red.mjs");
      const { freePorts } = await import("../../../scripts/demo/ports.mjs");
      const [port] = await freePorts(1);
      if (port === undefined) throw new Error("no free port");
      const users = [
        { username: "reader", password: HASH, permissions: "read" },
        { username: "writer", password: HASH, permissions: "*" },
      ];
      nodeRed = await startNodeRed({
        ...version,
        port,
        flows: [
          { id: "tab", type: "tab", label: "Test" },
          { id: "modem", type: "quectel-modem", name: "", version: 1, transport: "simulator" },
        ],
        settings: { adminAuth: { type: "credentials", users } },
        prepare: linkPackage(ROOT),
      });
      for (const { username, permissions } of users) {
        tokens.set(username, await logIn(username, permissions));
      }
    });

    after(async () => {
      await nodeRed?.stop();
    });

    const ask = (user: string | undefined, method: string, path: string, body?: object): Promise<Response> =>
      fetch(new URL(path, nodeRed.url), {
        method,
        headers: {
          ...(user === undefined ? {} : { Authorization: `Bearer ${tokens.get(user)}` }),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const status = async (...request: Parameters<typeof ask>): Promise<number> =>
      (await ask(...request)).status;

    async function logIn(username: string, scope: string): Promise<string> {
      const body = {
        client_id: "node-red-admin",
        grant_type: "password",
        scope,
        username,
        password: PASSWORD,
      };
      const { access_token: token } = (await (await ask(undefined, "POST", "auth/token", body)).json()) as {
        access_token: string;
      };
      return token;
    }

    it("are closed without a login", async () => {
      for (const path of [...READ, "connection-tests/none"]) {
        assert.equal(await status(undefined, "GET", `quectel-modem/${path}`), 401, path);
      }
      assert.equal(await status(undefined, "POST", "quectel-modem/connection-tests", TEST_REQUEST), 401);
      assert.equal(await status(undefined, "DELETE", "quectel-modem/connection-tests/none"), 401);
    });

    it("let a reader look, but try nothing", async () => {
      for (const path of READ)
        assert.equal(await status("reader", "GET", `quectel-modem/${path}`), 200, path);
      assert.equal(await status("reader", "GET", "quectel-modem/connection-tests/none"), 404);
      assert.equal(await status("reader", "POST", "quectel-modem/connection-tests", TEST_REQUEST), 401);
      assert.equal(await status("reader", "DELETE", "quectel-modem/connection-tests/none"), 401);
    });

    it("let a writer try the modem", async () => {
      const started = await ask("writer", "POST", "quectel-modem/connection-tests", TEST_REQUEST);
      assert.equal(started.status, 200);
      const { id } = (await started.json()) as { id: string };
      assert.equal(await status("writer", "GET", `quectel-modem/connection-tests/${id}`), 200);
      assert.equal(await status("writer", "DELETE", `quectel-modem/connection-tests/${id}`), 200);
    });

    it("refuse what no dialog sends", async () => {
      const large = { ...TEST_REQUEST, properties: { tlsCa: "x".repeat(200_000) } };
      assert.equal(await status("writer", "POST", "quectel-modem/connection-tests", large), 400);
      assert.equal(await status("writer", "POST", "quectel-modem/connection-tests", []), 400);
      const huge = { ...TEST_REQUEST, properties: { tlsCa: "x".repeat(6_000_000) } };
      assert.equal(await status("writer", "POST", "quectel-modem/connection-tests", huge), 413);
    });
  });
}
