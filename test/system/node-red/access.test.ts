/**
 * Who reaches what in a Node-RED with users: nobody, one who may look, one who may act, and another web page.
 *
 * The routes are those that a Node-RED with this package really has and one without it has not, so that a new one is
 * tried without being named here.
 */
import assert from "node:assert/strict";
import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { NodeRedProcess } from "../../../scripts/demo/node-red.mjs";
import { nodeRedVersions } from "../../support/node-red-versions";

const ROOT = resolve(__dirname, "../../..");
const PASSWORD = "reader-and-writer";
/** `PASSWORD` by bcrypt, as `node-red admin hash-pw` writes it. */
const HASH = "$2b$08$mvZQUVQWr0FAGWk7l8E9..jwepjoLCOoU4QYnD/.tovaUZLVxlk4.";
const USERS = [
  { username: "reader", password: HASH, permissions: "read" },
  { username: "writer", password: HASH, permissions: "*" },
];
const MODEM = {
  id: "modem",
  type: "quectel-modem",
  name: "Pump 7",
  version: 1,
  transport: "simulator",
  smtpHost: "127.0.0.1",
  smtpPort: "9",
  smtpSecurity: "none",
  senderAddress: "pump7@example.com",
};
const FLOWS = [
  { id: "tab", type: "tab", label: "Test" },
  MODEM,
  { id: "status", type: "quectel-modem-status", z: "tab", modem: "modem", x: 200, y: 80, wires: [[]] },
];
const TEST_REQUEST = {
  kind: "diagnosis",
  modem: "modem",
  flow: "",
  properties: { transport: "simulator", version: 1 },
  credentials: {},
};
/** Names that every object has, and paths that lead out of a folder. */
const STRANGE_IDS = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "..",
  "../modem",
  "../../../etc/passwd",
  "..\\..\\x",
  "\0",
  "modem\0",
  "modem/",
  " modem",
  "%2e%2e",
  "m".repeat(5000),
];
/** What the browser says of a page that is not the editor: elsewhere, on another port of the gateway, in a frame. */
const OTHER_PAGES = [
  { origin: "https://elsewhere.example", "sec-fetch-site": "cross-site" },
  { origin: "http://127.0.0.1:9", "sec-fetch-site": "same-site" },
  { "sec-fetch-site": "cross-site" },
  { origin: "http://elsewhere.example" },
  { origin: "http://127.0.0.1:9" },
  { origin: "null" },
  // A script of another page may send any header to a Node-RED 4.
  { origin: "http://elsewhere.example", authorization: "Bearer x" },
];
/** A script of another page may send JSON to a Node-RED 4; a form needs no permission for the others. */
const CONTENT_TYPES = [
  "application/json",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "text/plain; charset=application/json",
  "",
];

interface Route {
  readonly server: "admin" | "node";
  readonly method: string;
  readonly path: string;
}
interface Question {
  readonly user?: string;
  readonly method?: string;
  readonly body?: object;
}

for (const version of nodeRedVersions()) {
  describe(`The endpoints of the editor in Node-RED ${version.name}`, function () {
    this.timeout(120_000);

    let locked: NodeRedProcess;
    let open: NodeRedProcess;
    let routes: readonly Route[];
    const tokens = new Map<string, string>();

    before(async () => {
      const { startNodeRed, linkPackage } = await import("../../../scripts/demo/node-red.mjs");
      const { freePorts } = await import("../../../scripts/demo/ports.mjs");
      const ports = await freePorts(3);
      const start = (index: number, isWith: boolean, settings = {}): Promise<NodeRedProcess> => {
        const port = ports[index];
        assert(port !== undefined);
        return startNodeRed({
          ...version,
          port,
          flows: isWith ? FLOWS : [],
          settings,
          prepare: async (userDir) => {
            const nodes = join(userDir, "nodes");
            await mkdir(nodes);
            await copyFile(join(__dirname, "support/route-list.cjs"), join(nodes, "route-list.js"));
            const template = `<script type="text/html" data-template-name="route-list"></script>`;
            await writeFile(join(nodes, "route-list.html"), template);
            if (isWith) await linkPackage(ROOT)(userDir);
          },
        });
      };
      const bare = await start(2, false);
      let without: readonly Route[];
      try {
        without = await routesOf(bare);
      } finally {
        await bare.stop();
      }
      locked = await start(0, true, { adminAuth: { type: "credentials", users: USERS } });
      for (const { username, permissions } of USERS) tokens.set(username, await logIn(username, permissions));
      routes = (await routesOf(locked)).filter(
        (route) => !without.some((known) => JSON.stringify(known) === JSON.stringify(route)),
      );
      open = await start(1, true);
    });

    after(async () => {
      await locked?.stop();
      await open?.stop();
    });

    async function routesOf({ url }: NodeRedProcess): Promise<readonly Route[]> {
      return (await (await fetch(new URL("route-list", url))).json()) as readonly Route[];
    }

    async function viewOf({ url }: NodeRedProcess, headers = {}): Promise<{ queue: { hold?: object } }> {
      const answer = await fetch(new URL("quectel-modem/modems/modem", url), { headers });
      assert.equal(answer.status, 200);
      return (await answer.json()) as { queue: { hold?: object } };
    }

    const ask = (path: string, { user, method = "GET", body }: Question = {}): Promise<Response> =>
      fetch(new URL(path, locked.url), {
        method,
        headers: {
          ...(user === undefined ? {} : { authorization: `Bearer ${tokens.get(user)}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const status = async (path: string, question?: Question): Promise<number> =>
      (await ask(path, question)).status;

    async function logIn(username: string, scope: string): Promise<string> {
      const body = {
        client_id: "node-red-admin",
        grant_type: "password",
        scope,
        username,
        password: PASSWORD,
      };
      const answer = await ask("auth/token", { method: "POST", body });
      return ((await answer.json()) as { access_token: string }).access_token;
    }

    /** The path of a route with something in the place of each of its parameters. */
    const pathOf = ({ path }: Route, id = "modem"): string =>
      path.slice(1).replaceAll(/:\w+/g, () => encodeURIComponent(id));
    const bodyFor = ({ method, path }: Route, body: object): object | undefined =>
      method !== "post" ? undefined : path.endsWith("connection-tests") ? TEST_REQUEST : body;
    const isRead = ({ method }: Route): boolean => method === "get";

    it("are all below quectel-modem, and none is open to the visitors of a flow's own pages", () => {
      assert(routes.length >= 12, JSON.stringify(routes));
      for (const route of routes) {
        assert.equal(route.server, "admin", JSON.stringify(route));
        assert.match(route.path, /^\/quectel-modem\/[a-z-]+(\/:id(\/[a-z]+)?)?$/);
        assert.match(route.method, /^(get|post|delete)$/);
      }
    });

    it("reject every request without a login, and change nothing", async () => {
      for (const route of routes) {
        const { method, path } = route;
        const answer = await ask(pathOf(route), { method: method.toUpperCase() });
        assert.deepEqual([answer.status, await answer.text()], [401, "Unauthorized"], `${method} ${path}`);
        const body = bodyFor(route, { action: "pause" });
        if (body !== undefined) {
          assert.equal(await status(pathOf(route), { method: "POST", body }), 401, `${method} ${path}`);
        }
      }
    });

    it("show everything to a user who may only read, and do nothing for him", async () => {
      for (const route of routes) {
        const { method, path } = route;
        const body = bodyFor(route, { action: "pause" });
        const question = { user: "reader", method: method.toUpperCase(), ...(body && { body }) };
        const found = await status(pathOf(route), question);
        const missing = path.endsWith("connection-tests/:id");
        assert.equal(found, !isRead(route) ? 401 : missing ? 404 : 200, `${method} ${path}`);
      }
      assert.equal(
        (await viewOf(locked, { authorization: `Bearer ${tokens.get("reader")}` })).queue.hold,
        undefined,
      );
    });

    it("act for a user who may write", async () => {
      for (const action of ["pause", "resume", "startTrace", "stopTrace"]) {
        const body = { action };
        assert.equal(
          await status("quectel-modem/modems/modem", { user: "writer", method: "POST", body }),
          200,
        );
      }
      const started = await ask("quectel-modem/connection-tests", {
        user: "writer",
        method: "POST",
        body: TEST_REQUEST,
      });
      assert.equal(started.status, 200);
      const { id } = (await started.json()) as { id: string };
      const path = `quectel-modem/connection-tests/${id}`;
      assert.equal(await status(path, { user: "writer" }), 200);
      assert.equal(await status(path, { user: "writer", method: "DELETE" }), 200);
    });

    it("know no modem and no test by a path or by a name that every object has", async () => {
      const before = await readdir(locked.userDir);
      for (const route of routes.filter(({ path }) => path.includes(":id"))) {
        for (const id of STRANGE_IDS) {
          const body = bodyFor(route, { action: "pause", mail: id });
          const answer = await ask(pathOf(route, id), {
            user: "writer",
            method: route.method.toUpperCase(),
            ...(body && { body }),
          });
          const told = await answer.text();
          const what = `${route.method} ${route.path} ${id}: ${answer.status} ${told}`;
          // A null character is no path for some versions of Express.
          assert([400, 404].includes(answer.status), what);
          assert.doesNotMatch(told, /queue|root:|INTERNAL/, what);
        }
      }
      for (const id of STRANGE_IDS) {
        for (const action of ["flush", "retry", "discard"]) {
          const body = { action, mail: id };
          const answer = await ask("quectel-modem/modems/modem", { user: "writer", method: "POST", body });
          assert.equal(answer.status, 404, `${action} ${id}: ${await answer.text()}`);
        }
        const body = { ...TEST_REQUEST, modem: id === ".." ? "../.." : id };
        const answer = await ask("quectel-modem/connection-tests", { user: "writer", method: "POST", body });
        // A name of letters alone may be the id of a modem that is not deployed yet.
        assert(answer.status === 400 || /^\w+$/.test(id), `${id}: ${answer.status}`);
      }
      const outside = (await readdir(locked.userDir)).filter(
        (name) => !before.includes(name) && name !== "quectel-modem",
      );
      assert.deepEqual(outside, []);
    });

    it("refuse what no dialog sends", async () => {
      const path = "quectel-modem/connection-tests";
      const send = (body: object): Promise<number> => status(path, { user: "writer", method: "POST", body });
      assert.equal(await send({ ...TEST_REQUEST, properties: { tlsCa: "x".repeat(200_000) } }), 400);
      assert.equal(await send([]), 400);
      assert.equal(await send({ ...TEST_REQUEST, properties: { tlsCa: "x".repeat(6_000_000) } }), 413);
    });

    it("show nothing to another web page and do nothing for it where Node-RED has no users", async () => {
      for (const headers of OTHER_PAGES) {
        for (const route of routes) {
          const { method } = route;
          const body = JSON.stringify(bodyFor(route, { action: "pause" }) ?? {});
          for (const type of method === "post" ? CONTENT_TYPES : [""]) {
            const answer = await fetch(new URL(pathOf(route), open.url), {
              method: method.toUpperCase(),
              headers: { ...headers, "content-type": type },
              ...(method === "post" && { body: new TextEncoder().encode(body) }),
            });
            const what = `${method} ${route.path} ${type} ${JSON.stringify(headers)}`;
            assert.deepEqual([answer.status, await answer.text()], [403, "{}"], what);
            assert.equal(answer.headers.get("access-control-allow-origin"), null, what);
          }
        }
      }
      assert.equal((await viewOf(open)).queue.hold, undefined);
    });

    it("take nothing that is not sent as JSON, from an old browser too", async () => {
      for (const type of CONTENT_TYPES.filter((one) => one !== "application/json")) {
        const answer = await fetch(new URL("quectel-modem/modems/modem", open.url), {
          method: "POST",
          headers: { "content-type": type },
          body: new TextEncoder().encode(JSON.stringify({ action: "pause" })),
        });
        assert.equal(answer.status, 400, type);
      }
      assert.equal((await viewOf(open)).queue.hold, undefined);
    });

    it("act for the editor itself, which has the address of Node-RED", async () => {
      const { origin } = new URL(open.url);
      const { key } = (await (await fetch(new URL("quectel-modem/page-key", open.url))).json()) as {
        key: string;
      };
      const own = [
        { origin },
        { origin, "sec-fetch-site": "same-origin" },
        // Behind a proxy that does not pass the Host header on.
        { origin: "http://gateway", "quectel-page-key": key },
      ];
      for (const headers of own) {
        for (const action of ["pause", "resume"]) {
          const answer = await fetch(new URL("quectel-modem/modems/modem", open.url), {
            method: "POST",
            headers: { ...headers, "content-type": "application/json" },
            body: JSON.stringify({ action }),
          });
          assert.equal(answer.status, 200, JSON.stringify(headers));
        }
      }
    });
  });
}
