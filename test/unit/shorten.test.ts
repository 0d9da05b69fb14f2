/** How the build shortens the code of a bundle: what runs and what a stack trace shows stay the same. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import type { PrivateFields } from "../../scripts/shorten.mjs";

/** The value that shortened code leaves in `result` when it runs after `earlier`, and the code. */
async function shortened(
  code: string,
  fields: Readonly<Record<string, readonly string[]>>,
  short = new Map<string, string>(),
  earlier = "",
): Promise<{ readonly result: unknown; readonly code: string }> {
  const { shortened: shorten } = await import("../../scripts/shorten.mjs");
  const privates: PrivateFields = new Map(
    Object.entries(fields).map(([name, names]) => [name, new Set(names)] as const),
  );
  const { contents } = shorten(code, privates, short);
  const context: { result?: unknown } = {};
  runInNewContext(`${earlier}\n${contents}`, context);
  return { result: context.result, code: contents };
}

const BASE = `// lib/base.ts
var Base = class Base {
  waiting = 1;
  count() { return this.waiting; }
};
`;

describe("The build", () => {
  it("names a private field in short wherever its class names it as one of its own", async () => {
    const { result, code } = await shortened(
      `// lib/queue.ts
      var Queue = class Queue {
        constructor(waiting) { this.waiting = waiting; }
        waiting;
        later = () => this.waiting + 1;
        both() { const { waiting, later: next } = this; return [waiting, next(), this.own()]; }
        own() { return ((one = this.waiting) => one)(); }
      };
      result = new Queue(1).both().join();`,
      { "lib/queue.ts Queue": ["waiting", "later"] },
    );
    assert.equal(result, "1,2,1");
    assert.doesNotMatch(code, /this\.(?:waiting|later)/);
  });

  it("leaves an inherited method alone that is called on this and has the name of a private field elsewhere", async () => {
    const { result, code } = await shortened(
      `${BASE}// lib/derived.ts
      var Derived = class Derived extends Base { twice() { return 2 * this.count(); } };
      // lib/other.ts
      var Other = class Other { count = 5; shown() { return this.count; } };
      result = [new Derived().twice(), new Other().shown()].join();`,
      { "lib/base.ts Base": ["waiting"], "lib/other.ts Other": ["count"] },
    );
    assert.equal(result, "2,5");
    assert.match(code, /2 \* this\.count\(\)/);
    assert.doesNotMatch(code, /return this\.count\b(?!\()/);
  });

  it("keeps the name of a field that its class may use in any other way", async () => {
    const uses = [
      "of(other) { return other.field; }",
      "of(other) { const { field } = other; return field; }",
      'of(other) { return other["field"]; }',
      "of(other) { const name = 'fi' + 'eld'; return this[name] && other.field; }",
      "of(other) { return 'field' in other && other.read(); } read() { return this.field; }",
      "of(other) { const { read, ...rest } = this; return rest.field; }",
      "of(other) { return (function () { return this.field; }).call(other); }",
      "static of(other) { return this.read(other); } static read({ field }) { return field; }",
    ];
    for (const use of uses) {
      const { result } = await shortened(
        `// lib/peer.ts
        var Peer = class Peer { field = "value"; ${use} };
        result = (Peer.of ? Peer : new Peer()).of(new Peer());`,
        { "lib/peer.ts Peer": ["field"] },
      );
      assert.equal(result, "value", use);
    }
  });

  it("gives no two fields of a class and those derived from it the same name, in whatever bundles they are", async () => {
    const short = new Map<string, string>();
    const first = await shortened(BASE, { "lib/base.ts Base": ["waiting"] }, short);
    const second = await shortened(
      `// lib/derived.ts
      var Derived = class Derived extends Base {
        sent = 2;
        both() { return [this.count(), this.sent].join(); }
      };
      result = new Derived().both();`,
      { "lib/derived.ts Derived": ["sent"] },
      short,
      first.code,
    );
    assert.equal(second.result, "1,2");
    assert.equal(new Set(short.values()).size, 2);
  });

  it("refuses a name for a field that the sources use", async () => {
    await assert.rejects(
      shortened("// lib/one.ts\nvar One = class One { field = 1; _0 = 2; };", {
        "lib/one.ts One": ["field"],
      }),
      /_0 has to stand for a private field/,
    );
  });

  it("gives functions with short names their own back, whatever they are called meanwhile", async () => {
    const { shortened: shorten } = await import("../../scripts/shorten.mjs");
    const { contents, names, isLong } = shorten(
      "function sendMail() {}\nfunction f() {}\nresult = [sendMail, f];",
      new Map(),
      new Map(),
    );
    assert.deepEqual([names, isLong], [["sendMail", "f"], false]);
    const context: { result?: readonly { readonly name: string }[] } = {};
    runInNewContext(contents.replaceAll(/\bsendMail\b(?=\(|,)/g, "a"), context);
    assert.deepEqual(
      [...(context.result ?? [])].map(({ name }) => name),
      ["sendMail", "f"],
    );
  });

  it("finds the private fields of a class in its source, and neither methods nor what is static", async () => {
    const { privateFields } = await import("../../scripts/shorten.mjs");
    const fields = privateFields(join(__dirname, "../.."));
    const trace = fields.get("lib/outbox/outbox.ts Outbox");
    assert.ok(trace?.has("options"));
    for (const names of fields.values()) {
      for (const name of names) assert.match(name, /^(?!static$|async$|get$|readonly$)\w+$/);
    }
  });
});
