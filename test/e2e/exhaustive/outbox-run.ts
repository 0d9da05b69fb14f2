/**
 * One run through the outbox with one mishap at one byte: nothing is lost, and nothing comes twice without saying so.
 */
import assert from "node:assert/strict";
import { composerFor } from "../../../lib/mail/composer";
import type { Mail } from "../../../lib/mail/mail";
import { repeatNote } from "../../../lib/mail/notes";
import { Outbox } from "../../../lib/mail/outbox";
import type { MailEnded, OutboxSettings } from "../../../lib/mail/outbox-types";
import type { VariantChoice } from "../../../lib/simulator";
import { FaultyFiles } from "../../support/faulty-files";
import { ACCOUNT, memoryRig } from "../../support/memory-rig";
import { KeptLog } from "../../support/module-replies";
import { BOOT, type Direction, type Mishap, type Place } from "./mishaps";

const SETTINGS: OutboxSettings = {
  maxAge: 1440,
  maxQueued: 1000,
  maxSpoolMB: 100,
  keepFailedDays: 7,
  ratePerHour: 0,
  bccMode: "private",
  simulated: false,
  fingerprint: { port: "p", sim: "", apn: "", server: "s", login: "l", sender: "f" },
};

const HOUR = 3600_000;
/** The outbox keeps its own pace; a mail whose first try failed goes out within this time. */
const PATIENCE = 3 * HOUR;
/** After this the contents of a mail have been deleted from the module. */
const TIDY = 10_000;

type OutboxRig = ReturnType<typeof outboxRig>;

/** Runs undisturbed; the bytes in each direction. */
export async function bytesThroughOutbox(
  mail: Mail,
  variants?: VariantChoice,
): Promise<Readonly<Record<Direction, number>>> {
  const rig = outboxRig(variants);
  await rig.clock.until(rig.outbox.open());
  rig.modem.acquire();
  await rig.deliver(mail);
  await rig.clock.advance(TIDY);
  const { log } = rig.module;
  const bytes = { host: log.bytes("received", "usbat").length, modem: log.bytes("sent", "usbat").length };
  await rig.stop();
  return bytes;
}

/** Runs with a mishap. @throws AssertionError for whatever does not hold. */
export async function disturbedOutbox(mail: Mail, mishap: Mishap, place: Place): Promise<void> {
  const progress = { isOver: false };
  const rig = outboxRig(mishap.variants);
  const { clock, module, modem, outbox, ended } = rig;
  module.faults.set(mishap.plan(place, { begun: () => undefined, over: () => (progress.isOver = true) }));

  await clock.until(outbox.open());
  modem.acquire();
  const first = await rig.deliver(mail);
  await clock.run(() => progress.isOver, PATIENCE);
  const second = await rig.deliver({ ...mail, subject: "Pump 7 again", attachments: [] });
  await clock.advance(TIDY);

  assert.equal(ended.length, 2, "a mail ended twice");
  check(rig, first, mail);
  check(rig, second, { ...mail, subject: "Pump 7 again" });
  assert.deepEqual(rig.files(), [], "files are left in the module");
  assert.deepEqual(outbox.summary(), { depth: 0, oldestAgeMs: 0, failed: 0 });
  await rig.stop();
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

function outboxRig(variants: VariantChoice | undefined) {
  const timing = { ...BOOT, airMs: 2_000, thinkingMs: 2 };
  const rig = memoryRig({ module: { timing, ...(variants === undefined ? {} : { variants }) } });
  const { clock, carrier, modem } = rig;
  const { senderName, senderAddress } = ACCOUNT;
  const outbox = new Outbox({
    directory: "/spool/modem",
    clock,
    carrier,
    settings: SETTINGS,
    compose: composerFor({ senderName, senderAddress, charset: "auto", lateNote: 0 }, carrier),
    log: new KeptLog(),
    random: () => 0.5,
    files: new FaultyFiles(),
    host: {
      self: { pid: 1, started: "1", boot: "boot", pidNamespace: "pid", host: "gateway" },
      locks: new Set(),
      uptime: () => clock.now(),
      state: () => "running",
    },
  });
  const ended: MailEnded[] = [];
  outbox.on("ended", (end) => ended.push(end));
  return {
    ...rig,
    outbox,
    ended,
    /** Accepts a mail and runs until it has ended. */
    deliver: async (mail: Mail): Promise<MailEnded> => {
      const options = { maxAge: undefined, delivery: "atLeastOnce" } as const;
      const { id } = await clock.until(outbox.accept(mail, options, { nodeId: "n1", message: {} }));
      await clock.run(() => ended.some((end) => end.id === id), PATIENCE);
      const end = ended.find((one) => one.id === id);
      if (end === undefined) throw new Error("the mail has not ended");
      return end;
    },
    stop: async (): Promise<void> => {
      await clock.until(outbox.close());
      await rig.close();
      await clock.advance(1_000);
      assert.equal(clock.timers, 0, "timers are left");
      assert.equal(modem.lock.held, false, "the mail lock is held");
    },
  };
}
