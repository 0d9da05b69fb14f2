import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import type { OutboxSummary } from "../../../lib/outbox/outbox-types";
import { conditionOf, type MailProgress } from "../../../nodes/runtime/status/conditions";
import { readModemSettings } from "../../../nodes/runtime/settings/modem-settings";

const IDLE: OutboxSummary = { depth: 0, oldestAgeMs: 0, failed: 0 };
const NOON = Date.parse("2026-01-01T12:00:00Z");
const SIMULATED = readModemSettings(
  {
    transport: "simulator",
    smtpHost: "mail.example.com",
    smtpPort: "465",
    senderAddress: "pump7@example.com",
  },
  {},
);

const outboxOf = (
  summary: Partial<OutboxSummary>,
  { progress, outboxError }: { progress?: MailProgress; outboxError?: ModemError } = {},
) =>
  conditionOf(SIMULATED, {
    state: { name: "ready" },
    trouble: undefined,
    summary: { ...IDLE, ...summary },
    sendingNode: undefined,
    progress,
    outboxError,
    isUnderTest: false,
    wall: NOON,
  }).outbox;

describe("What modem and outbox say of themselves", () => {
  const half: MailProgress = { id: "k3m8q2xa", stage: "upload", done: 1500, total: 3001, uploadMs: 0 };

  it("is how far the upload of the mail on its way is, and how long the rest takes once that can be told", () => {
    const uploaded = (done: number, uploadMs: number) =>
      outboxOf({ sending: "k3m8q2xa" }, { progress: { ...half, done, uploadMs } });
    assert.deepEqual(uploaded(0, 9000), { name: "sending", upload: { done: 0, total: 3001 } });
    assert.deepEqual(uploaded(1500, 2999), { name: "sending", upload: { done: 1500, total: 3001 } });
    assert.deepEqual(uploaded(2001, 6003), {
      name: "sending",
      upload: { done: 2001, total: 3001, leftMs: 3000 },
    });
    // Then the server has to answer, and nobody knows when.
    assert.deepEqual(uploaded(3001, 9000), { name: "sending", upload: { done: 3001, total: 3001 } });
  });

  it("is the step of the mail, without a figure, where nothing is uploaded", () => {
    const at = (progress: Partial<MailProgress>) =>
      outboxOf({ sending: "k3m8q2xa" }, { progress: { ...half, ...progress } });
    assert.deepEqual(at({ done: 0, total: 0 }), { name: "sending", stage: "upload" });
    assert.deepEqual(at({ stage: "sending" }), { name: "sending", stage: "sending" });
    assert.deepEqual(at({ stage: "login", done: 0, total: 0 }), { name: "sending", stage: "login" });
    assert.deepEqual(at({ stage: "data" }), { name: "sending", upload: { done: 1500, total: 3001 } });
  });

  it("is nothing of a mail before, whose progress was told last", () => {
    assert.deepEqual(outboxOf({ sending: "aaaaaaaa" }, { progress: half }), { name: "sending" });
    assert.deepEqual(outboxOf({}, { progress: half }), { name: "idle" });
  });

  it("names why mails wait or are held, and a folder that cannot be used before all else", () => {
    assert.deepEqual(outboxOf({ depth: 1, waitsFor: "retry" }), { name: "idle", waitsFor: "retry" });
    const last = { waitsFor: "retry", cause: "SMTP_NETWORK" } as const;
    assert.deepEqual(outboxOf({ depth: 1, ...last, nextTryInMs: 60_000 }), {
      name: "idle",
      ...last,
      nextTry: NOON + 60_000,
    });
    assert.deepEqual(outboxOf({ depth: 1, waitsFor: "turn", nextTryInMs: 0 }), {
      name: "idle",
      waitsFor: "turn",
    });
    const since = "2026-01-01T00:00:00.000Z";
    assert.deepEqual(outboxOf({ hold: { kind: "paused", since } }), { name: "paused" });
    assert.deepEqual(outboxOf({ hold: { kind: "pdp", since } }), { name: "disconnected" });
    const outboxError = new ModemError("OUTBOX_DISK");
    assert.deepEqual(outboxOf({ sending: "k3m8q2xa" }, { progress: half, outboxError }), {
      name: "unavailable",
      code: "OUTBOX_DISK",
    });
  });

  it("has the reason of a modem that is not there", () => {
    const error = new ModemError("PORT_BUSY");
    const running = {
      state: { name: "offline", error },
      trouble: undefined,
      summary: { ...IDLE, depth: 2 },
      sendingNode: undefined,
      progress: undefined,
      outboxError: undefined,
      isUnderTest: false,
      wall: NOON,
    } as const;
    assert.deepEqual(conditionOf(SIMULATED, running), {
      modem: { name: "offline", code: "PORT_BUSY" },
      outbox: { name: "idle" },
      waiting: 2,
      simulated: true,
    });
    const untried = { ...running, state: { name: "offline" } } as const;
    assert.deepEqual(conditionOf(SIMULATED, untried).modem, { name: "connecting" });
    assert.deepEqual(conditionOf(SIMULATED, { ...running, isUnderTest: true }).modem, { name: "underTest" });
    const trouble = new ModemError("MODEM_STUCK");
    assert.deepEqual(conditionOf(SIMULATED, { ...running, trouble }).modem.name, "offline");
    assert.deepEqual(conditionOf(SIMULATED, { ...running, trouble, state: { name: "ready" } }).modem, {
      name: "needsPowerCycle",
    });
    assert.deepEqual(conditionOf(SIMULATED, undefined).modem, { name: "unused" });
    assert.deepEqual(conditionOf(new ModemError("INVALID_CONFIG"), undefined).modem, { name: "notSetUp" });
  });
});
