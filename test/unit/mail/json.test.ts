import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonPieces, jsonStart, jsonText } from "../../../lib/mail/message/json";
import { done } from "./support";

const never = (): Error => new Error("too long");
const text = (value: unknown, indent = 0): string | undefined =>
  done(jsonText(value, Number.MAX_SAFE_INTEGER, never, indent));

describe("JSON in pieces", () => {
  /** Large enough to be taken apart, small enough to be compared. */
  const filler = "x".repeat(9_000);
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      undefined,
      true,
      -0,
      Number.NaN,
      1e21,
      "ü\u2028\uD800",
      filler.repeat(3),
      Symbol("s"),
      () => 1,
      new Date(0),
      new Date(Number.NaN),
      Object("boxed"),
      Buffer.from("picture"),
      Buffer.alloc(5_000, 7),
      { toJSON: () => undefined },
      { toJSON: () => ({ level: filler.repeat(2), inner: { toJSON: () => 7 } }) },
      [],
      {},
    ),
    fc.integer(),
    fc.string({ unit: "binary" }),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.array(tie("tree"), { maxLength: 2 }).map((list) => [...list, filler, filler, ...list]),
      fc.integer({ min: 250, max: 600 }).map((length) => Array.from({ length }, () => filler.slice(0, 90))),
      fc.dictionary(fc.string(), tie("tree"), { maxKeys: 4 }),
      fc.dictionary(fc.string(), tie("tree"), { maxKeys: 3 }).map((record) => ({
        a: filler,
        ...record,
        z: filler,
      })),
    ),
  }));

  it("is what JSON.stringify writes, on one line and with indents", () => {
    fc.assert(
      fc.property(tree, fc.constantFrom(0, 2), (value, indent) => {
        assert.ok(text(value, indent) === JSON.stringify(value, undefined, indent));
      }),
      { numRuns: 300 },
    );
  });

  it("has what JSON.stringify refuses or leaves out", () => {
    const circle: Record<string, unknown> = { level: 94 };
    circle["self"] = [circle, { up: circle }];
    const list: unknown[] = [filler, filler, 7n];
    list.push(list);
    for (const [value, json] of [
      [circle, '{"level":94,"self":["[Circular]",{"up":"[Circular]"}]}'],
      [list, `["${filler}","${filler}",7,"[Circular]"]`],
      [{ count: 2n ** 64n, level: 1 }, '{"count":18446744073709551616,"level":1}'],
      [12n, "12"],
      [
        new Map<unknown, unknown>([
          ["level", 94],
          ["tags", new Set(["a", 1n])],
        ]),
        '[["level",94],["tags",["a",1]]]',
      ],
      [{ values: new Float32Array([1.5, 2]), more: new Map() }, '{"values":[1.5,2],"more":[]}'],
    ] as const) {
      assert.equal(text(value), json);
    }
    const broken = {
      toJSON: () => {
        throw new RangeError("x");
      },
    };
    assert.throws(() => text(broken), RangeError);
    assert.throws(() => text([filler, filler, broken]), RangeError);
  });

  it("stops at its limit, however many ways lead to the same objects", () => {
    let bomb: unknown = ["drop"];
    for (let level = 0; level < 60; level++) bomb = [bomb, bomb];
    assert.throws(() => done(jsonText(bomb, 100_000, never)), /too long/);
    assert.equal(jsonStart(bomb, 70)?.length, 70);
    assert.equal(jsonStart({ a: 1 }, 70), '{"a":1}');
    assert.equal(
      jsonStart(() => 1, 70),
      undefined,
    );
  });

  it("has no large piece, whatever the value is made of", () => {
    const million = 1_000_000;
    for (const value of [
      "a".repeat(million),
      Array.from({ length: million / 4 }, () => 1),
      { rows: Array.from({ length: million / 40 }, (_one, at) => ({ at, level: "94 %" })) },
      { picture: Buffer.alloc(million / 4) },
      new Float64Array(million / 8),
      Array.from({ length: 30 }, () => "b".repeat(million / 30)),
    ]) {
      let longest = 0;
      for (const piece of jsonPieces(value)) longest = Math.max(longest, piece.length);
      assert.ok(longest < 150_000, `${longest}`);
    }
  });
});
