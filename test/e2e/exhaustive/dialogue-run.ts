/**
 * One run of an initialisation and a mail with one mishap at one byte, and all that must hold afterwards.
 *
 * What the server has got is the truth; what the mailer says of a mail is held against it.
 */
import assert from "node:assert/strict";
import { isModemError, type ModemError } from "../../../lib/errors";
import type { Mark, Transaction } from "../../../lib/mailer/mailer";
import type { VariantChoice } from "../../../lib/simulator";
import { memoryRig, type MemoryRig, type Surroundings } from "../../support/memory-rig";
import { extentOf, type Extent } from "./extent";
import { BOOT, type Mishap, type Place } from "./mishaps";

/** What an undisturbed run looks like. */
export interface Reference extends Extent {
  /** The mail of the run and the one after it, as the server got them. */
  readonly texts: readonly [string, string];
  readonly listeners: number;
}

/** A mail and the one sent after it. */
export type Mails = readonly [Transaction, Transaction];

const MINUTE = 60_000;
/** Longest virtual time that anything may take: a modem that waits for its power switch looks every 10 to 12 minutes. */
const PATIENCE = 60 * MINUTE;
/** The supervisor looks after a quiet module each 30 s, so after this it knows of a restart that nobody announced. */
const QUIET = 2 * MINUTE;
/** After this the contents of a mail have been deleted from the module. */
const TIDY = 10_000;

/** What the mailer says of a mail. */
export type Outcome = { readonly kind: "sent" } | { readonly kind: "failed"; readonly error: ModemError };

/** Runs the dialogue undisturbed. */
export async function referenceRun([mail, next]: Mails, variants: VariantChoice = {}): Promise<Reference> {
  const rig = dialogueRig(variants);
  await rig.clock.until(rig.modem.whenReady(), PATIENCE);
  assert.deepEqual(await outcomeOf(rig, mail), { kind: "sent" });
  await rig.clock.advance(TIDY);
  const extent = extentOf(rig.module);
  assert.deepEqual(await outcomeOf(rig, next), { kind: "sent" });
  await rig.clock.advance(TIDY);
  const listeners = listenersOf(rig);
  await rig.close();
  assert.equal(rig.clock.timers, 0);
  const [first = "", second = ""] = rig.server.received.map(({ text }) => text);
  return { ...extent, texts: [first, second], listeners };
}

/** Runs the dialogue with a mishap. @throws AssertionError for whatever does not hold. */
export async function disturbedRun(
  [mail, next]: Mails,
  reference: Reference,
  mishap: Mishap,
  place: Place,
): Promise<void> {
  let stage: "before" | "during" | "over" = "before";
  const rig = dialogueRig(mishap.variants ?? {});
  const { clock, mailer, modem, module, server } = rig;
  const course = { begun: () => void (stage = "during"), over: () => void (stage = "over") };
  module.faults.set(mishap.plan(place, course));

  await clock.until(modem.whenReady(), PATIENCE);
  const wasOver = stageIs("over");
  const outcome = await outcomeOf(rig, mail);
  assert.equal(modem.lock.held, false, "the mail lock is held after the mail has ended");
  if (wasOver) assert.equal(outcome.kind, "sent", "a mail sent after the mishap was over did not go out");
  const putWritten = hasWrittenPut(rig);

  await clock.run(() => stageIs("over"), PATIENCE);
  await clock.advance(QUIET);
  await clock.run(() => mailer.available, PATIENCE);
  if (outcome.kind === "failed" && outcome.error.class === "unknown") await checkRecovery(rig, mail);

  checkOutcome(outcome, server.received.length, putWritten);
  assert.deepEqual(await outcomeOf(rig, next), { kind: "sent" }, "the next mail did not go out");
  await clock.advance(TIDY);

  const texts = server.received.map(({ text }) => text);
  const expected = [...(texts.length === 2 ? [reference.texts[0]] : []), reference.texts[1]];
  assert.deepEqual(texts, expected, "the server got something else than the mails");
  assert.deepEqual(rig.filesInModule(), [], "files are left in the module");
  assert.equal(modem.lock.held, false);
  assert.equal(listenersOf(rig), reference.listeners, "listeners are left");
  await rig.close();
  assert.equal(clock.timers, 0, "timers are left");

  function stageIs(wanted: typeof stage): boolean {
    return stage === wanted;
  }
}

/** True when the host has handed over the whole of QSMTPPUT. */
export function hasWrittenPut(rig: MemoryRig): boolean {
  return /AT\+QSMTPPUT=\d+\r/.test(rig.written());
}

/** What was said of a mail, held against what the server has got. */
export function checkOutcome(outcome: Outcome, delivered: number, putWritten: boolean): void {
  if (outcome.kind === "sent") {
    assert.equal(delivered, 1, "said to be sent");
    return;
  }
  const { error } = outcome;
  const said = `${error.code} at ${error.stage}: ${error.message}`;
  if (error.class === "unknown") {
    assert.equal(error.code, "MODEM_RESULT_UNKNOWN", said);
    assert.equal(putWritten, true, `unknown although QSMTPPUT was not written: ${said}`);
    assert.ok(delivered <= 1, said);
  } else {
    assert.equal(error.class, "transient", said);
    assert.equal(delivered, 0, `delivered, and reported as not sent: ${said}`);
  }
}

/** What the module says of a lost result may be "unknown", but never a lie. */
export async function checkRecovery(
  { ask, server }: Pick<MemoryRig, "ask" | "server">,
  mail: Transaction,
  mark?: Mark,
): Promise<void> {
  const recovered = await ask(mail, mark, PATIENCE);
  if (recovered.kind === "unknown") return;
  assert.equal(recovered.error, undefined);
  assert.equal(server.received.length, 1, "recovered as sent");
}

/** A rig whose modem is being opened. @param former what an earlier host has left. */
export function dialogueRig(variants: VariantChoice, former?: Surroundings): MemoryRig {
  const timing = { ...BOOT, airMs: 2_000, thinkingMs: 2 };
  const rig = memoryRig({ module: { timing, variants } }, former);
  rig.modem.acquire();
  return rig;
}

/** Sends a mail to its end. */
export async function outcomeOf(rig: MemoryRig, mail: Transaction): Promise<Outcome> {
  try {
    await rig.sendNow(mail, {}, PATIENCE);
    return { kind: "sent" };
  } catch (error) {
    if (isModemError(error)) return { kind: "failed", error };
    throw error;
  }
}

function listenersOf({ modem, module }: MemoryRig): number {
  const ofModem = (["state", "started", "unsolicited", "warning"] as const).map((name) =>
    modem.listenerCount(name),
  );
  const ofModule = (["contextLost", "surroundings", "dataModeLeft", "started"] as const).map((name) =>
    module.listenerCount(name),
  );
  return [...ofModem, ...ofModule].reduce((sum, count) => sum + count, 0);
}
