import assert from "node:assert/strict";
import fc from "fast-check";
import { ERROR_TABLE, type ErrorCode } from "../../../lib/errors";
import { type Condition, statusOf } from "../../../nodes/runtime/status/status";
import { STATUS_WORDS } from "../../../nodes/runtime/status/status-words";

const german = (word: string): string => `[${word}]`;
const READY: Condition = { modem: { name: "ready" }, outbox: { name: "idle" }, waiting: 0, simulated: false };
const status = (change: Partial<Condition>) => statusOf({ ...READY, ...change }, german);

const codes = fc.constantFrom(...(Object.keys(ERROR_TABLE) as ErrorCode[]));
const conditions: fc.Arbitrary<Condition> = fc.record({
  modem: fc.oneof(
    fc.constantFrom<Condition["modem"]>(
      { name: "notSetUp" },
      { name: "unused" },
      { name: "underTest" },
      { name: "offline" },
      { name: "connecting" },
      { name: "ready" },
      { name: "needsPowerCycle" },
    ),
    fc.record({ name: fc.constant("offline" as const), code: codes }),
    fc.record({
      name: fc.constant("registering" as const),
      waitingFor: fc.constantFrom("application" as const, "sim" as const, "network" as const),
      code: codes,
    }),
  ),
  outbox: fc.oneof(
    fc.constantFrom<Condition["outbox"]>(
      { name: "idle" },
      { name: "idle", waitsFor: "turn" },
      { name: "idle", waitsFor: "retry" },
      { name: "idle", waitsFor: "result" },
      { name: "idle", waitsFor: "rate" },
      { name: "sending" },
      { name: "paused" },
      { name: "disconnected" },
    ),
    fc.record({ name: fc.constant("sending" as const), percent: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ name: fc.constantFrom("held" as const, "unavailable" as const), code: codes }),
  ),
  waiting: fc.nat(999),
  simulated: fc.boolean(),
});

describe("The status of the nodes", () => {
  it("is green only while a mail could go out at once", () => {
    fc.assert(
      fc.property(conditions, (condition) => {
        const green = statusOf(condition, german).fill === "green";
        assert.equal(
          green,
          condition.modem.name === "ready" && condition.outbox.name === "idle" && condition.waiting === 0,
        );
      }),
    );
  });

  it("is either a word that the editor translates or begins with what needs no translation", () => {
    fc.assert(
      fc.property(conditions, (condition) => {
        const { text } = statusOf(condition, german);
        assert(Object.values(STATUS_WORDS).includes(text) || /^(\d|SIMULATED )/.test(text), text);
      }),
    );
  });

  it("says SIMULATED first in every state of a simulated modem, and in none of a real one", () => {
    fc.assert(
      fc.property(conditions, (condition) => {
        assert.equal(statusOf(condition, german).text.startsWith("SIMULATED "), condition.simulated);
      }),
    );
  });

  it("names the reason where a person can do something about it", () => {
    assert.equal(status({ modem: { name: "offline", code: "PORT_BUSY" } }).text, "port in use");
    assert.equal(status({ outbox: { name: "held", code: "SMTP_AUTH_FAILED" } }).text, "login refused");
    assert.equal(status({ outbox: { name: "held", code: "INVALID_CONFIG" } }).text, "held");
    const sim = status({ modem: { name: "registering", waitingFor: "sim", code: "SIM_PIN_REFUSED" } });
    assert.deepEqual([sim.fill, sim.text], ["red", "SIM PIN refused"]);
  });

  it("is red at a node whose last mail was not sent, as long as modem and outbox have nothing to say", () => {
    const after = (code: ErrorCode, change: Partial<Condition> = {}) => {
      const { fill, text, state } = statusOf({ ...READY, ...change }, german, code);
      return `${fill}: ${text}, ${state}`;
    };
    assert.equal(after("INVALID_NO_RECIPIENT"), "red: no recipient, ready");
    assert.equal(after("OUTBOX_EXPIRED"), "red: last mail not sent, ready");
    assert.equal(after("INVALID_CONFIG"), "red: not set up, ready");
    assert.equal(
      after("OUTBOX_EXPIRED", { outbox: { name: "sending" }, waiting: 1 }),
      "blue: sending, sending",
    );
    assert.equal(
      after("OUTBOX_EXPIRED", { modem: { name: "connecting" } }),
      "yellow: connecting, connecting",
    );
  });

  it("says what waiting mails wait for, and is yellow only where nothing but time helps", () => {
    const waiting = (waitsFor: "turn" | "retry" | "result" | "rate") => {
      const { fill, text } = status({ outbox: { name: "idle", waitsFor }, waiting: 1 });
      return `${fill}: ${text}`;
    };
    assert.deepEqual((["turn", "retry", "result", "rate"] as const).map(waiting), [
      "blue: 1 ✉ [about to send]",
      "yellow: 1 ✉ [waits for retry]",
      "blue: 1 ✉ [asks for result]",
      "yellow: 1 ✉ [hourly limit reached]",
    ]);
  });

  it("shows how far an upload is, and how many other mails wait", () => {
    assert.equal(status({ outbox: { name: "sending", percent: 45 }, waiting: 1 }).text, "45 %");
    assert.equal(status({ outbox: { name: "sending", percent: 45 }, waiting: 4 }).text, "3 ✉ 45 %");
    assert.equal(status({ outbox: { name: "sending" }, waiting: 1 }).text, "sending");
    assert.equal(status({ modem: { name: "offline" }, waiting: 12 }).text, "12 ✉ [offline]");
  });

  it("tells Status nodes the state and the number of waiting mails", () => {
    assert.deepEqual(status({ outbox: { name: "paused" }, waiting: 2 }), {
      fill: "yellow",
      shape: "ring",
      text: "2 ✉ [paused]",
      state: "held",
      waiting: 2,
    });
  });

  it("uses words of at most 20 characters, without the signs that separate keys of a catalog", () => {
    for (const word of Object.values(STATUS_WORDS)) {
      assert(word.length <= 20, word);
      assert(/^[a-z]/i.test(word) && !/[.:]/.test(word), word);
    }
  });
});
