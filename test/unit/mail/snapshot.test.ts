/** Node-RED's own copy of messages is the witness: it must bear what a snapshot gives it, and touch nothing foreign. */
import assert from "node:assert/strict";
import util from "@node-red/util";
import type { NodeMessage } from "node-red";
import { dataOf, snapshotOf } from "../../../lib/mail/message/snapshot";
import { DEEPEST } from "../../../lib/mail/message/passable";
import { HOSTILE_MESSAGES, HOSTILE_VALUES, nested } from "../../support/hostile-values";

const copied = (message: object): object => util.util.cloneMessage(message as NodeMessage);

describe("The snapshot of a message", () => {
  const plain = {
    to: "duty@example.com",
    topic: "Level",
    payload: { tank: [1, { full: true }] },
    _msgid: "1",
  };

  it("holds the very values of a plain message, which is whole", async () => {
    const { message, warnings, isWhole } = await snapshotOf(plain);
    assert.deepEqual(message, plain);
    assert.equal(message["payload"], plain.payload);
    assert.deepEqual([warnings, isWhole], [[], true]);
  });

  it("passes on what flows carry beside data: bytes, dates, classes, functions, errors, promises, sockets", async () => {
    class Reading {
      constructor(readonly value: number) {}
      get rounded(): number {
        return Math.round(this.value);
      }
    }
    const behind = {
      get constructor(): unknown {
        throw new Error("no lookup comes this far");
      },
    };
    const values = [
      Buffer.from("x"),
      new Float32Array(3),
      new Date(0),
      /x/g,
      new Map([[1, 2]]),
      new Set("ab"),
      new Reading(1.4),
      () => 1,
      new Error("late"),
      Promise.resolve(1),
      new WeakMap(),
      Symbol("s"),
      7n,
      "x".match(/x/),
      Object.create(null),
      (function* () {})(),
      Object.create(Object.create(behind, { constructor: { value: Object } })),
      new AbortController(),
      new URL("http://example.com"),
      process.stdout,
    ];
    for (const value of values) {
      const { message, warnings, isWhole } = await snapshotOf({ value });
      assert.equal(message["value"], value, Object.prototype.toString.call(value));
      assert.deepEqual([warnings, isWhole], [[], true]);
      copied({ value });
    }
  });

  for (const { what, make } of HOSTILE_VALUES) {
    it(`can be copied by Node-RED, which then runs no code of ${what}`, async () => {
      let touched = 0;
      const value = make(() => touched++);
      const { message, isWhole } = await snapshotOf({ ...plain, value, list: [{ value }] });
      const before = touched;
      copied(message);
      copied(message);
      assert.equal(touched, before, "its code ran again");
      assert.deepEqual([message["to"], message["payload"]], [plain.to, plain.payload]);
      if (isWhole) copied({ ...plain, value, list: [{ value }] });
    });

    it(`is one value for an expression that gives ${what}`, async () => {
      const { value } = await dataOf(make(() => undefined));
      copied({ value });
    });
  }

  for (const { what, make } of HOSTILE_MESSAGES) {
    it(`holds what can be read of ${what}, which stays as it is`, async () => {
      const original = make(plain, () => undefined);
      const { message, isWhole } = await snapshotOf(original);
      assert.deepEqual(
        [message["to"], message["topic"], message["payload"]],
        [plain.to, plain.topic, plain.payload],
      );
      assert.equal(copied(message).hasOwnProperty("to"), true);
      if (isWhole) assert.equal(copied(original).hasOwnProperty("to"), true);
    });
  }

  it("reads each getter once", async () => {
    let reads = 0;
    const message = Object.defineProperty({}, "payload", { enumerable: true, get: () => ++reads });
    const taken = await snapshotOf(message);
    assert.deepEqual([taken.message["payload"], reads, taken.isWhole], [1, 1, false]);
  });

  it("says what was left out, in few words however much it was", async () => {
    const refuse = (): never => {
      throw new Error("no");
    };
    const message: Record<string, unknown> = { payload: nested(5_000) };
    for (let index = 0; index < 1_000; index++) {
      Object.defineProperty(message, `p${index}`, { enumerable: true, get: refuse });
    }
    const { warnings } = await snapshotOf(message);
    assert.match(warnings[0] ?? "", /^Parts of msg\.payload were left out/);
    assert.equal(warnings[1], "msg.p0 cannot be read and was left out.");
    assert.equal(warnings.length, 10);
  });

  it("keeps lists as deep as Node-RED can copy them, and cuts deeper ones", async () => {
    const deep = nested(DEEPEST);
    assert.equal((await snapshotOf({ deep })).message["deep"], deep);
    const { message } = await snapshotOf({ deep: nested(DEEPEST + 1) });
    assert.equal(JSON.stringify(message["deep"]).length, 2 * DEEPEST + "null".length);
  });

  it("is made of anything", async () => {
    for (const value of [undefined, null, 7, "text", Symbol("s"), [1], () => 1]) {
      const { message } = await snapshotOf(value);
      copied(message);
    }
  });
});
