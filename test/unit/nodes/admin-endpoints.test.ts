/** Every endpoint of this package, with the permission that it asks for. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { NodeAPI } from "node-red";
import registerModem = require("../../../nodes/quectel-modem");

type Handler = (request: object, response: object) => void;

/** What the endpoints need of Node-RED; `needsPermission` leaves its name where the check would stand. */
function registered(): { readonly line: string; readonly handlers: readonly unknown[] }[] {
  const found: { line: string; handlers: readonly unknown[] }[] = [];
  const method =
    (name: string) =>
    (path: string, permission: unknown, ...handlers: readonly unknown[]): void =>
      void found.push({ line: `${name} ${path} ${String(permission)}`, handlers });
  const RED = {
    httpAdmin: Object.fromEntries(
      ["get", "post", "put", "patch", "delete", "all", "use", "options", "head"].map((name) => [
        name,
        method(name),
      ]),
    ),
    auth: { needsPermission: (permission: string) => permission },
    log: { warn: (text: string) => void warnings.push(text) },
    events: new EventEmitter(),
    nodes: { registerType: () => undefined },
  };
  void registerModem(RED as unknown as NodeAPI);
  return found;
}

const warnings: string[] = [];

describe("The endpoints of the editor", () => {
  it("are these and no others: what looks is behind `read`, what does something behind `write`", () => {
    assert.deepEqual(
      registered()
        .map(({ line }) => line)
        .sort(),
      [
        "delete /quectel-modem/connection-tests/:id quectel-modem.write",
        "get /quectel-modem/advice quectel-modem.read",
        "get /quectel-modem/connection-tests/:id quectel-modem.read",
        "get /quectel-modem/left quectel-modem.read",
        "get /quectel-modem/modems quectel-modem.read",
        "get /quectel-modem/modems/:id quectel-modem.read",
        "get /quectel-modem/modems/:id/report quectel-modem.read",
        "get /quectel-modem/modems/:id/trace quectel-modem.read",
        "get /quectel-modem/page-key quectel-modem.read",
        "get /quectel-modem/ports quectel-modem.read",
        "get /quectel-modem/providers quectel-modem.read",
        "get /quectel-modem/roots quectel-modem.read",
        "post /quectel-modem/connection-tests quectel-modem.write",
        "post /quectel-modem/connection-tests/:id/letters quectel-modem.write",
        "post /quectel-modem/left quectel-modem.write",
        "post /quectel-modem/modems/:id quectel-modem.write",
      ],
    );
    assert(registered().every(({ handlers }) => handlers.length === 1));
  });

  it("do nothing and show nothing when another web page asks, and say so in the log once", () => {
    warnings.length = 0;
    const others = [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site", origin: "http://gateway:1880" },
      { origin: "http://elsewhere.example" },
      { origin: "http://gateway" },
      { origin: "null" },
      // Node-RED lets every page send any header.
      { origin: "http://elsewhere.example", authorization: "Bearer x" },
      { origin: "http://elsewhere.example", authorization: "Basic eDp5" },
      { origin: "http://elsewhere.example", "x-forwarded-host": "elsewhere.example" },
      { origin: "http://elsewhere.example", "quectel-page-key": "" },
    ];
    for (const { line, handlers } of registered()) {
      for (const headers of others) {
        let status = 0;
        const response = {
          removeHeader: () => undefined,
          status: (code: number) => ((status = code), response),
          json: (body: unknown) => assert.deepEqual(body, {}),
        };
        const request = { params: {}, query: {}, headers: { host: "gateway:1880", ...headers } };
        (handlers[0] as Handler)(request, response);
        assert.equal(status, 403, line);
      }
    }
    // One list of routes for each call of `registered`.
    assert.deepEqual(
      warnings.map((text) => /origin (\S+), host "gateway:1880"/.exec(text)?.[1]),
      ['"unknown"'],
    );
  });

  it("serve the editor behind a proxy, whoever is logged in by a token, and what is no page", async () => {
    const route = registered().find(({ line }) => line.startsWith("get /quectel-modem/page-key"));
    assert(route !== undefined);
    const ask = (request: object): Promise<unknown> =>
      new Promise((resolve) => {
        const response = { removeHeader: () => undefined, status: resolve, json: resolve };
        (route.handlers[0] as Handler)({ params: {}, query: {}, is: () => false, ...request }, response);
      });
    const { key } = (await ask({ headers: {} })) as { key: string };
    const proxied = { host: "127.0.0.1:1880", origin: "http://gateway" };
    const token = { ...proxied, authorization: "Bearer token" };
    const served = [
      { headers: { ...proxied, "quectel-page-key": key } },
      { headers: token, user: { username: "operator" } },
      { headers: { host: "gateway:80", origin: "http://gateway" } },
      { headers: { host: "gateway:443", origin: "https://gateway" } },
      { headers: { host: "[fe80::1]:1880", origin: "http://[fe80::1]:1880" } },
      { headers: { host: "127.0.0.1:1880", origin: "https://gateway", "sec-fetch-site": "same-origin" } },
      { headers: { host: "gateway:1880", "sec-fetch-site": "none" } },
    ];
    for (const request of served) assert.deepEqual(await ask(request), { key }, JSON.stringify(request));
    const refused = [
      { headers: proxied },
      { headers: token },
      // With `adminAuth.default` everybody is a user.
      { headers: token, user: { anonymous: true, permissions: "*" } },
      // A browser adds the login for a proxy to every request.
      { headers: { ...proxied, authorization: "Basic eDp5" }, user: { username: "operator" } },
      { headers: { host: "gateway:80", origin: "https://gateway" } },
    ];
    for (const request of refused) assert.equal(await ask(request), 403, JSON.stringify(request));
  });

  it("tell the browser nothing of a fault that is their own", async () => {
    const advice = registered().find(({ line }) => line.startsWith("get /quectel-modem/advice"));
    assert(advice !== undefined);
    const answer = await new Promise<{ status: number; body: unknown }>((resolve) => {
      const response = {
        code: 200,
        removeHeader: () => undefined,
        status(code: number) {
          this.code = code;
          return this;
        },
        json(body: unknown) {
          resolve({ status: this.code, body });
        },
      };
      const query = {
        get host(): never {
          throw new Error("canary-word in a private folder");
        },
      };
      (advice.handlers[0] as Handler)({ params: {}, query, headers: {}, is: () => false }, response);
    });
    assert.equal(answer.status, 500);
    assert.doesNotMatch(JSON.stringify(answer.body), /canary/);
    assert.match(warnings.join("\n"), /canary-word/);
  });
});
