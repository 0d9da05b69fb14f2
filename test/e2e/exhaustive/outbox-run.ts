/**
 * One run through the outbox with one mishap at one byte: nothing is lost, and nothing comes twice without saying so.
 */
import assert from "node:assert/strict";
import type { Mail } from "../../../lib/mail/mail";
import { repeatNote } from "../../../lib/mailer/outgoing";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import type { VariantChoice } from "../../../lib/simulator";
import { memoryOutbox, OUTBOX_PATIENCE, type OutboxRig } from "../../support/memory-outbox";
import { extentOf, type Extent } from "./extent";
import { BOOT, type Mishap, type Place } from "./mishaps";

/** After this the contents of a mail have been deleted from the module. */
const TIDY = 10_000;

/** Runs undisturbed. */
export async function extentThroughOutbox(mail: Mail, variants: VariantChoice = {}): Promise<Extent> {
  const rig = outboxRig(variants);
  await rig.open();
  await rig.deliver(mail);
  await rig.clock.advance(TIDY);
  const extent = extentOf(rig.module);
  await stop(rig);
  return extent;
}

/** Runs with a mishap. @throws AssertionError for whatever does not hold. */
export async function disturbedOutbox(mail: Mail, mishap: Mishap, place: Place): Promise<void> {
  const progress = { isOver: false };
  const rig = outboxRig(mishap.variants ?? {});
  const { clock, module, outbox, ended } = rig;
  module.faults.set(mishap.plan(place, { begun: () => undefined, over: () => (progress.isOver = true) }));

  await rig.open();
  const first = await rig.deliver(mail);
  await clock.run(() => progress.isOver, OUTBOX_PATIENCE);
  const second = await rig.deliver({ ...mail, subject: "Pump 7 again", attachments: [] });
  await clock.advance(TIDY);

  assert.equal(ended.length, 2, "a mail ended twice");
  check(rig, first, mail);
  check(rig, second, { ...mail, subject: "Pump 7 again" });
  assert.deepEqual(rig.filesInModule(), [], "files are left in the module");
  assert.deepEqual(outbox.summary(), { depth: 0, oldestAgeMs: 0, failed: 0 });
  await stop(rig);
}

/** The mail ended sent, and came once; twice only when the second one says so. */
function check({ server }: OutboxRig, { id, result, error }: MailEnded, { subject }: Mail): void {
  assert.equal(result.status, "sent", `ended ${result.status}: ${String(error)}`);
  const word = `=?us-ascii?B?${Buffer.from(subject).toString("base64")}?=`;
  const copies = server.received.filter(({ text }) => text.includes(`Subject: ${word}`));
  const areMarked = copies.map(({ text }) => bodyOf(text).includes(repeatNote(id)));
  assert.ok(copies.length === 1 || copies.length === 2, `came ${copies.length} times`);
  assert.ok(copies.length === 1 || (areMarked[0] === false && areMarked[1] === true), "came twice, unmarked");
  assert.equal(result.possibleDuplicate === true, areMarked.includes(true), "the result says something else");
}

/** The first part of a mail as the module writes it: base64. */
function bodyOf(text: string): string {
  const [, body = ""] = /Content-Transfer-Encoding: base64\r\n\r\n([A-Za-z0-9+/=\r\n]*)/.exec(text) ?? [];
  return Buffer.from(body, "base64").toString("utf8");
}

function outboxRig(variants: VariantChoice): OutboxRig {
  return memoryOutbox({ module: { timing: { ...BOOT, airMs: 2_000, thinkingMs: 2 }, variants } });
}

async function stop(rig: OutboxRig): Promise<void> {
  await rig.stop();
  // The last change of the outbox is told a moment later.
  await rig.clock.advance(1_000);
  assert.equal(rig.clock.timers, 0, "timers are left");
  assert.equal(rig.modem.lock.held, false, "the mail lock is held");
}
