import assert from "node:assert/strict";
import { ModemError, SPECIAL_HINTS } from "../../../lib/errors";
import type { ModemState } from "../../../lib/quectel/connection/modem-state";
import { LifecycleReports } from "../../../nodes/runtime/modem/lifecycle-reports";
import { VirtualClock } from "../../support/virtual-clock";

function bench() {
  const clock = new VirtualClock();
  const told: string[] = [];
  const reports = new LifecycleReports(clock, (error) => told.push(error.message));
  const offline = (error: ModemError): void => reports.follow({ name: "offline", error });
  const waiting = (error: ModemError): void =>
    reports.follow({ name: "registering", waitingFor: "application", error });
  return { clock, told, reports, offline, waiting };
}

const READY: ModemState = { name: "ready" };
const STARTING = new ModemError("MODEM_NOT_READY", { detail: "its mail commands are not available yet" });
const MISSING = new ModemError("MODEM_NOT_READY", {
  detail: "it rejects its mail commands",
  hint: SPECIAL_HINTS.noMailClient,
});

describe("What a person is told of the modem as such", () => {
  it("is told again when a better reason is known, though the code is the same", async () => {
    const { clock, told, waiting } = bench();
    waiting(STARTING);
    await clock.advance(90_000);
    waiting(MISSING);
    await clock.advance(90_000);
    assert.deepEqual(told, [STARTING.message, MISSING.message]);
  });

  it("is told once, however often it goes and comes before the modem is ready", () => {
    const { told, offline, reports } = bench();
    const unplugged = new ModemError("PORT_UNPLUGGED");
    const busy = new ModemError("PORT_BUSY");
    for (let count = 0; count < 5; count++) {
      offline(unplugged);
      offline(busy);
    }
    assert.deepEqual(told, [unplugged.message, busy.message]);
    reports.follow(READY);
    offline(busy);
    assert.equal(told.length, 3);
  });

  it("is told once when a cable is pulled, though the port is missing a second later", () => {
    const { told, offline } = bench();
    offline(new ModemError("PORT_UNPLUGGED"));
    offline(new ModemError("PORT_NOT_FOUND"));
    assert.equal(told.length, 1);
  });

  it("is told again after an hour without it, of a modem that stays ready for months", async () => {
    const { clock, told, reports } = bench();
    const full = new ModemError("OUTBOX_DISK", { detail: "state.json" });
    reports.follow(READY);
    for (let minutes = 0; minutes < 24 * 60; minutes += 10) {
      reports.report(full);
      await clock.advance(10 * 60_000);
    }
    assert.equal(told.length, 1, "a disk that stays full is told of once");
    await clock.advance(90 * 60_000);
    reports.report(full);
    assert.equal(told.length, 2);
  });

  it("is bounded where a text differs each time", () => {
    const { told, offline } = bench();
    for (let count = 0; count < 1000; count++)
      offline(new ModemError("PORT_FAILED", { detail: String(count) }));
    assert.ok(told.length <= 20);
  });
});
