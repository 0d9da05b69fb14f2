/**
 * One run whose host closes everything at one byte, as a deploy does, and starts again on the same module.
 *
 * Closing has to be quick from every state, and the next host has to find its way out of whatever the first one left
 * the module in, data mode included.
 */
import assert from "node:assert/strict";
import {
  checkOutcome,
  checkRecovery,
  dialogueRig,
  hasWrittenPut,
  outcomeOf,
  type Mails,
  type Outcome,
  type Reference,
} from "./dialogue-run";
import type { Place } from "./mishaps";

/** Node-RED gives a node 15 s; the modem's part of it. */
const CLOSE_LIMIT = 5_000;
/** The module has ended whatever it was sending after this. */
const ON_AIR = 60_000;
const PATIENCE = 3600_000;

/** Runs with a close. @throws AssertionError for whatever does not hold. */
export async function closedRun([mail, next]: Mails, reference: Reference, place: Place): Promise<void> {
  const rig = dialogueRig({});
  const { clock, module, server, mailer, modem, pdp } = rig;
  let closing: Promise<number> | undefined;
  const close = async (): Promise<number> => {
    const begun = clock.now();
    mailer.close();
    pdp.close();
    await modem.close();
    return clock.now() - begun;
  };
  module.faults.set([{ at: place, fault: { kind: "run", run: () => void (closing = close()) } }]);

  const ready = modem.whenReady();
  await clock.run(() => modem.state.name === "ready" || closing !== undefined, PATIENCE);
  let outcome: Outcome | undefined;
  if (closing === undefined) {
    await clock.until(ready);
    outcome = await outcomeOf(rig, mail);
  }
  await clock.run(() => closing !== undefined, PATIENCE);
  const took = await clock.until(closing ?? Promise.resolve(0), PATIENCE);
  assert.ok(took <= CLOSE_LIMIT, `closing took ${took} ms`);
  assert.equal(modem.lock.held, false);
  await clock.advance(ON_AIR);
  assert.equal(clock.timers, 0, "timers are left");

  const host = dialogueRig({}, rig);
  await clock.until(host.modem.whenReady(), PATIENCE);
  if (hasWrittenPut(rig)) await checkRecovery(host, mail, rig.mark());
  if (outcome !== undefined) checkOutcome(outcome, server.received.length, hasWrittenPut(rig));
  assert.deepEqual(await outcomeOf(host, next), { kind: "sent" }, "the next mail did not go out");
  const texts = server.received.map(({ text }) => text);
  const expected = [...(texts.length === 2 ? [reference.texts[0]] : []), reference.texts[1]];
  assert.deepEqual(texts, expected, "the server got something else than the mails");
  await clock.advance(ON_AIR);
  assert.deepEqual(host.filesInModule(), [], "files are left in the module");
  await host.close();
  assert.equal(clock.timers, 0, "timers are left");
}
