import assert from "node:assert/strict";
import fc from "fast-check";
import { ERROR_TABLE, type ErrorCode } from "../../../lib/errors";
import type { MailerProgress } from "../../../lib/mailer/mailer";
import { statusText } from "../../../editor/shared/status-text";
import { type Condition, statusOf } from "../../../nodes/runtime/status/status";
import { STATUS_WORDS } from "../../../nodes/runtime/status/status-words";

const READY: Condition = { modem: { name: "ready" }, outbox: { name: "idle" }, waiting: 0, simulated: false };
const status = (change: Partial<Condition>) => statusOf({ ...READY, ...change });

const codes = fc.constantFrom(...(Object.keys(ERROR_TABLE) as ErrorCode[]));
const senders = fc.constantFrom("send", "other");
const sentTimes = fc.option(fc.nat(1e12), { nil: undefined });
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
      { name: "sending", stage: "tls" },
      { name: "sending", stage: "login" },
      { name: "sending", stage: "envelope" },
      { name: "sending", stage: "commit" },
      { name: "paused" },
      { name: "disconnected" },
    ),
    fc.record({
      name: fc.constant("sending" as const),
      upload: fc.record({
        done: fc.nat(1e7),
        total: fc.integer({ min: 1e7, max: 1e8 }),
        leftMs: fc.nat(1e7),
      }),
      of: fc.record({ nodeId: senders, behind: fc.uniqueArray(senders).map((ids) => new Set(ids)) }),
    }),
    fc.record({
      name: fc.constant("idle" as const),
      waitsFor: fc.constant("retry" as const),
      cause: codes,
      nextTry: fc.nat(1e12),
    }),
    fc.record({ name: fc.constantFrom("held" as const, "unavailable" as const), code: codes }),
  ),
  waiting: fc.nat(999),
  simulated: fc.boolean(),
});

describe("The status of the nodes", () => {
  it("is green only while a mail could go out at once", () => {
    fc.assert(
      fc.property(conditions, (condition) => {
        const green = statusOf(condition).fill === "green";
        assert.equal(
          green,
          condition.modem.name === "ready" && condition.outbox.name === "idle" && condition.waiting === 0,
        );
      }),
    );
  });

  it("is made of words that each catalog has, and comes back whole when they are put together again", () => {
    const words = Object.values(STATUS_WORDS);
    fc.assert(
      fc.property(
        conditions,
        fc.option(senders, { nil: undefined }),
        sentTimes,
        (condition, nodeId, sentAt) => {
          const { text } = statusOf(condition, { sentAt, ...(nodeId !== undefined && { nodeId }) });
          const missing: string[] = [];
          const shown = statusText(text, (key) => {
            if (!words.includes(key) && !["# ✉", "# MB", "# kB"].includes(key)) missing.push(key);
            return key;
          });
          assert.deepEqual([shown, missing], [text, []]);
          // Only such a text does the editor look for at all.
          assert.match(text, /^[a-zA-Z]/);
        },
      ),
    );
  });

  it("says SIMULATED first in every state of a simulated modem, and in none of a real one", () => {
    fc.assert(
      fc.property(conditions, (condition) => {
        assert.equal(statusOf(condition).text.startsWith("SIMULATED "), condition.simulated);
      }),
    );
  });

  it("names the reason where a person can do something about it", () => {
    assert.equal(status({ modem: { name: "offline", code: "PORT_BUSY" } }).text, "port in use");
    assert.equal(status({ outbox: { name: "held", code: "SMTP_AUTH_FAILED" } }).text, "login refused");
    assert.equal(status({ outbox: { name: "held", code: "INVALID_CONFIG" } }).text, "on hold");
    const sim = status({ modem: { name: "registering", waitingFor: "sim", code: "SIM_PIN_REFUSED" } });
    assert.deepEqual([sim.fill, sim.text], ["red", "SIM PIN refused"]);
  });

  it("is red at a node whose last mail was not sent, as long as modem and outbox have nothing to say", () => {
    const after = (code: ErrorCode, change: Partial<Condition> = {}) => {
      const { fill, text, state } = statusOf({ ...READY, ...change }, { failure: code });
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

  it("tells that the last mail of a node was sent only where ready or SIMULATED ready would stand", () => {
    const sentAt = new Date(2026, 0, 1, 14, 3).getTime();
    fc.assert(
      fc.property(conditions, fc.option(codes, { nil: undefined }), (condition, failure) => {
        const without = statusOf(condition, { failure });
        const { text, ...look } = statusOf(condition, { failure, sentAt });
        assert.deepEqual({ ...look, text: text.replace("sent, 14:03", "ready") }, without);
        assert.equal(text !== without.text, /^(SIMULATED )?ready$/.test(without.text));
      }),
    );
  });

  it("says what waiting mails wait for, and is yellow only where nothing but time helps", () => {
    const waiting = (waitsFor: "turn" | "retry" | "result" | "rate") => {
      const { fill, text } = status({ outbox: { name: "idle", waitsFor }, waiting: 1 });
      return `${fill}: ${text}`;
    };
    assert.deepEqual((["turn", "retry", "result", "rate"] as const).map(waiting), [
      "blue: about to send · 1 ✉",
      "yellow: waiting for retry · 1 ✉",
      "blue: querying result · 1 ✉",
      "yellow: hourly limit reached · 1 ✉",
    ]);
  });

  it("says why the last try failed, and when the next one comes", () => {
    const nextTry = new Date(2026, 0, 1, 14, 5).getTime();
    const outbox = { name: "idle", waitsFor: "retry", cause: "SMTP_NETWORK", nextTry } as const;
    const { fill, text } = status({ outbox, waiting: 2 });
    assert.deepEqual([fill, text], ["yellow", "server unreachable · 2 ✉ · next try 14:05"]);
    const held = { name: "held", code: "SMTP_TLS_FAILED", nextTry } as const;
    assert.equal(status({ outbox: held, waiting: 1 }).text, "TLS failed · 1 ✉ · next try 14:05");
    // While there is no modem, that time says nothing.
    assert.equal(status({ modem: { name: "offline" }, outbox, waiting: 1 }).text, "offline · 1 ✉");
  });

  it("shows how far an upload is at the node whose mail it is, and how long others wait behind it", () => {
    const upload = { done: 1_890_000, total: 4_200_000, leftMs: 290_000 };
    const of = { nodeId: "send", behind: new Set(["other"]) };
    const at = (nodeId?: string, waiting = 2) =>
      statusOf(
        { ...READY, outbox: { name: "sending", upload, of }, waiting },
        nodeId === undefined ? {} : { nodeId },
      ).text;
    assert.equal(at("send", 1), "sending 45 % · 1.9 of 4.2 MB · about 5 min left");
    assert.equal(at("send"), "sending 45 % · 1.9 of 4.2 MB · about 5 min left · 1 ✉");
    assert.equal(at("other"), "behind another mail · 4.2 MB · about 5 min left · 1 ✉");
    assert.equal(at("third"), "sending 45 % · about 5 min left · 1 ✉");
    assert.equal(at(), "sending 45 % · 1.9 of 4.2 MB · about 5 min left · 1 ✉");
  });

  it("shows the step of a session with the mail server, at the node whose mail it is", () => {
    const of = { nodeId: "send", behind: new Set(["other"]) };
    const at = (stage: MailerProgress["stage"], nodeId?: string) =>
      statusOf(
        { ...READY, outbox: { name: "sending", stage, of }, waiting: 2 },
        nodeId === undefined ? {} : { nodeId },
      ).text;
    assert.equal(at("tls"), "sending · encrypting · 1 ✉");
    assert.equal(at("login", "send"), "sending · logging in · 1 ✉");
    assert.equal(at("envelope", "send"), "sending · checking recipients · 1 ✉");
    assert.equal(at("commit", "send"), "sending · waiting for server · 1 ✉");
    assert.equal(at("login", "other"), "behind another mail · 1 ✉");
    for (const stage of ["connect", "settings", "body", "sending"] as const)
      assert.equal(at(stage, "send"), "sending · 1 ✉");
  });

  it("shows a short upload in percent, and how many other mails wait", () => {
    const upload = { done: 45, total: 100 };
    assert.equal(status({ outbox: { name: "sending", upload }, waiting: 1 }).text, "sending 45 %");
    assert.equal(status({ outbox: { name: "sending", upload }, waiting: 4 }).text, "sending 45 % · 3 ✉");
    const longer = { done: 250_000, total: 500_000, leftMs: 31_000 };
    assert.equal(
      status({ outbox: { name: "sending", upload: longer }, waiting: 1 }).text,
      "sending 50 % · 250 of 500 kB · about 40 s left",
    );
    assert.equal(status({ outbox: { name: "sending" }, waiting: 1 }).text, "sending");
    assert.equal(status({ modem: { name: "offline" }, waiting: 12 }).text, "offline · 12 ✉");
  });

  it("tells Status nodes the state and the number of waiting mails", () => {
    assert.deepEqual(status({ outbox: { name: "paused" }, waiting: 2 }), {
      fill: "yellow",
      shape: "ring",
      text: "paused · 2 ✉",
      state: "held",
      waiting: 2,
    });
  });

  it("uses words of at most 20 characters, without the signs that separate keys of a catalog", () => {
    for (const word of Object.values(STATUS_WORDS)) {
      assert(word.length <= 20, word);
      assert(/^[a-z#]/i.test(word) && !/[.:\d]/.test(word), word);
    }
  });
});
