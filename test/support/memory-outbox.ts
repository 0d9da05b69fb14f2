/** The outbox on the mailer of a simulated module, all in memory: the whole library from an accepted mail to the server. */
import type { Clock } from "../../lib/clock";
import type { Mail } from "../../lib/mail/mail";
import type { Mailer } from "../../lib/mailer/mailer";
import { Outbox } from "../../lib/outbox/outbox";
import type { MailEnded, OutboxSettings } from "../../lib/outbox/outbox-types";
import type { FastClock } from "./fast-clock";
import { FaultyFiles } from "./faulty-files";
import { memoryRig, type MemoryRigOptions, type Surroundings } from "./memory-rig";
import { KeptLog } from "./module-replies";

const SETTINGS: OutboxSettings = {
  maxAge: 1440,
  maxQueued: 1000,
  maxSpoolMB: 100,
  keepFailedDays: 7,
  ratePerHour: 0,
  simulated: false,
  fingerprint: { port: "p", sim: "", apn: "", server: "s", login: "l", sender: "f" },
};

/** The outbox keeps its own pace; a mail whose first tries failed goes out within this virtual time, ms. */
export const OUTBOX_PATIENCE = 3 * 3600_000;

export interface OutboxSurroundings extends Surroundings {
  readonly files: FaultyFiles;
}

export interface MemoryOutboxOptions extends MemoryRigOptions {
  readonly outbox?: Partial<OutboxSettings>;
}

export type OutboxRig = ReturnType<typeof memoryOutbox>;

/** An outbox on a mailer, and what it told. */
export function outboxOn(
  {
    clock,
    mailer,
    files,
  }: {
    readonly clock: Clock & Pick<FastClock, "run" | "until">;
    readonly mailer: Mailer;
    readonly files: FaultyFiles;
  },
  settings: Partial<OutboxSettings> = {},
) {
  const outbox = new Outbox({
    directory: "/spool/modem",
    clock,
    mailer,
    settings: { ...SETTINGS, ...settings },
    log: new KeptLog(),
    random: () => 0.5,
    files,
    host: {
      self: { pid: 1, started: "1", boot: "boot", pidNamespace: "pid", host: "gateway" },
      locks: new Set(),
      uptime: () => clock.now(),
      state: () => "gone",
    },
  });
  const ended: MailEnded[] = [];
  outbox.on("ended", (end) => ended.push(end));
  const accept = async (mail: Mail): Promise<string> => {
    const mailOptions = { maxAge: undefined, delivery: "atLeastOnce" } as const;
    const { id } = await clock.until(outbox.accept(mail, mailOptions, { nodeId: "n1", message: {} }));
    return id;
  };
  const endOf = async (id: string): Promise<MailEnded> => {
    await clock.run(() => ended.some((end) => end.id === id), OUTBOX_PATIENCE);
    const end = ended.find((one) => one.id === id);
    if (end === undefined) throw new Error("the mail has not ended");
    return end;
  };
  return {
    outbox,
    /** What has been told, in order. */
    ended,
    accept,
    endOf,
    /** Accepts a mail and runs until it has ended. */
    deliver: async (mail: Mail): Promise<MailEnded> => endOf(await accept(mail)),
  };
}

/** @param former what an earlier host has left: its module, its disk and the server. */
export function memoryOutbox(options: MemoryOutboxOptions = {}, former?: OutboxSurroundings) {
  const rig = memoryRig(options, former);
  const { clock, modem, mailer } = rig;
  const files = former?.files ?? new FaultyFiles();
  const parts = outboxOn({ clock, mailer, files }, options.outbox);
  const { outbox } = parts;
  return {
    ...rig,
    ...parts,
    files,
    /** Opens the outbox and the modem. */
    open: async (): Promise<void> => {
      await clock.until(outbox.open());
      modem.acquire();
    },
    /** Closes outbox and modem; a mail in flight is awaited no longer than `graceMs`. */
    stop: async (graceMs?: number): Promise<void> => {
      await clock.until(outbox.close(graceMs));
      await rig.close();
    },
  };
}

/** A mail to one recipient. */
export function outboxMail(parts: Partial<Mail> = {}): Mail {
  return {
    from: undefined,
    to: ["duty@example.com"],
    cc: [],
    bcc: [],
    subject: "Pump 7 alarm",
    text: "Level too high.\n",
    attachments: [],
    priority: "normal",
    warnings: [],
    ...parts,
  };
}
