/** How the editor's page asks the runtime, and what it does where the runtime takes it for another page. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";

/** As the browser has it; its types are those of a project of its own. */
interface Editor {
  readonly request: (
    path: string,
    options: { readonly method: string; readonly body?: object },
  ) => Promise<unknown>;
}
const { request } = createRequire(__filename)("../../../editor/shared/request") as Editor;

interface Asked {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data?: string;
}

describe("A request of the editor", () => {
  const asked: Asked[] = [];
  let answer: (asked: Asked) => number;

  before(() => {
    const ajax = (options: Asked) => {
      asked.push(options);
      const status = answer(options);
      const chain = {
        done: (take: (found: object) => void) => {
          if (status === 200) take({ key: "k" });
          return chain;
        },
        fail: (take: (failed: object) => void) => {
          if (status !== 200) take({ status, responseJSON: {} });
          return chain;
        },
      };
      return chain;
    };
    Object.assign(globalThis, { $: { ajax } });
  });

  beforeEach(() => asked.splice(0));
  after(() => Reflect.deleteProperty(globalThis, "$"));

  it("is made again with the key of the page where the runtime refused it", async () => {
    answer = ({ method, headers }) => (method === "GET" || headers["quectel-page-key"] === "k" ? 200 : 403);
    await request("modems/a", { method: "POST", body: { action: "pause" } });
    assert.deepEqual(
      asked.map(({ url, method, data }) => [url, method, data]),
      [
        ["quectel-modem/modems/a", "POST", '{"action":"pause"}'],
        ["quectel-modem/page-key", "GET", undefined],
        ["quectel-modem/modems/a", "POST", '{"action":"pause"}'],
      ],
    );
  });

  it("is made once where nothing was refused, or where the runtime failed", async () => {
    answer = () => 200;
    await request("modems/a", { method: "POST", body: {} });
    answer = () => 500;
    await assert.rejects(request("modems/a", { method: "POST", body: {} }), { status: 500 });
    assert.equal(asked.length, 2);
  });

  it("fails where it is refused with the key too", async () => {
    answer = ({ method }) => (method === "GET" ? 200 : 403);
    await assert.rejects(request("modems/a", { method: "DELETE" }), { status: 403 });
    assert.equal(asked.length, 3);
  });
});
