/** Weeks in the life of one gateway on the virtual clock: a mail every few minutes, small mishaps, one long process. */
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { readMessage } from "../../../lib/mail/message/message";
import { Outbox } from "../../../lib/outbox/outbox";
import { cell, change, type SimulatedModem } from "../../../lib/simulator";
import { FaultyFiles } from "../../support/faulty-files";
import { ACCOUNT, memoryRig } from "../../support/memory-rig";
import { KeptLog } from "../../support/module-replies";
import { accountOf, add, emptyAccount, type Account, type Case } from "../fault/audit";
import { Dice, mixed } from "../fault/dice";
import { anyLetter, numberOf } from "../fault/letters";

const MINUTE = 60_000;
const WEEK = 7 * 24 * 60 * MINUTE;
/** Minutes between two mails at most. */
const LONGEST_PAUSE = 3;
const MISHAP_EVERY = 25;
/** Longest that a mail may take to its end: the modem's limit and a hold. */
const PATIENCE = 30 * 60 * MINUTE;

/** What the process holds. */
export interface Level {
  /** Bytes after collecting garbage. */
  readonly heap: number;
  readonly handles: number;
  readonly timers: number;
  readonly listeners: number;
  readonly spool: number;
  readonly module: number;
}

export interface Soak {
  /** After the first tenth, when all that is loaded when first needed is there. */
  readonly before: Level;
  readonly after: Level;
  readonly account: Account;
  readonly weeks: number;
}

/** @param at is told how many mails have been raised. */
export async function runSoak(mails: number, seed: number, at: (mail: number) => void): Promise<Soak> {
  const dice = new Dice(mixed(seed, 0));
  const rig = memoryRig({
    module: { timing: { bootMs: 3_000, airMs: 2_000, networkMs: 500 } },
    text: { lateNote: 10 },
  });
  const { clock, modem, module, server, mailer } = rig;
  const files = new FaultyFiles();
  const log = new KeptLog();
  const outbox = new Outbox({
    directory: "/spool/modem",
    clock,
    mailer,
    settings: {
      maxAge: 1440,
      maxQueued: 1000,
      maxSpoolMB: 100,
      keepFailedDays: 7,
      ratePerHour: 0,
      simulated: false,
      fingerprint: { port: "", sim: "", apn: "", server: "", login: "", sender: "" },
    },
    log,
    random: dice.random,
    files,
    host: {
      self: { pid: 1, started: "1", boot: "boot", pidNamespace: "pid", host: "gateway" },
      locks: new Set(),
      uptime: () => clock.now(),
      state: () => "gone",
    },
  });
  const open = new Map<string, Case>();
  const account = emptyAccount();
  outbox.on("ended", (ended) => open.get(ended.id)?.ends.push({ ...ended, epoch: 0 }));
  // A person looks after a held outbox.
  outbox.on("hold", (reason) => {
    if (reason !== undefined) clock.after(40 * MINUTE, () => void outbox.resume().catch(() => undefined));
  });
  await clock.until(outbox.open());
  modem.acquire();

  const send = async (number: number): Promise<void> => {
    const letter = anyLetter(number, "auto", dice);
    const mail = await readMessage(letter.message, {}, { allowFrom: false, attachmentPaths: [] });
    const options = { maxAge: letter.maxAge, delivery: letter.delivery };
    const { id } = await clock.until(outbox.accept(mail, options, { nodeId: "n1", message: { number } }));
    const recipients = [...mail.to, ...mail.cc, ...mail.bcc];
    const { senderAddress: sender } = ACCOUNT;
    const nothing = { ends: [], overdue: undefined, copies: [], isContradicted: false };
    open.set(id, { letter, recipients, sender, answer: "accepted", id, ...nothing });
  };
  /** Takes the account of what has ended, and forgets it. */
  const settle = (): void => {
    const byNumber = new Map([...open.values()].map((one) => [one.letter.number, one]));
    for (const { recipients, text } of server.received.splice(0)) {
      const isMarked = bodyOf(text).includes("Possible duplicate");
      for (const recipient of recipients)
        byNumber
          .get(numberOf(recipient) ?? -1)
          ?.copies.push({ recipient, isMarked, hasAttachments: true, hasText: true });
    }
    for (const one of open.values()) add(account, accountOf(one));
    open.clear();
    // What only this bench keeps.
    log.lines.length = 0;
    module.log.clear();
    rig.forget();
    files.settle();
  };
  const quiet = async (): Promise<void> => {
    // All has ended, was told, and the module is tidy; failed mails have had their days.
    await clock.run(() => outbox.summary().depth === 0 && modem.state.name === "ready", PATIENCE);
    await clock.advance(8 * 24 * 60 * MINUTE);
    settle();
  };
  const level = async (): Promise<Level> => {
    await quiet();
    await collectGarbage();
    return {
      heap: process.memoryUsage().heapUsed,
      handles: process.getActiveResourcesInfo().length,
      timers: clock.timers,
      listeners: listenersOf(modem, module, mailer, outbox),
      spool: files.paths().length,
      module: rig.filesInModule().length,
    };
  };

  let before: Level | undefined;
  for (let number = 0; number < mails; number++) {
    await send(number);
    if (number % MISHAP_EVERY === MISHAP_EVERY - 1) befall(module, dice);
    await clock.advance(dice.between(1, LONGEST_PAUSE) * MINUTE);
    if (number % 100 === 99) {
      at(number);
      await clock.run(() => outbox.summary().depth === 0, PATIENCE);
      settle();
    }
    if (number === Math.floor(mails / 10)) before = await level();
  }
  const after = await level();
  const weeks = clock.now() / WEEK;
  await clock.until(outbox.close());
  await rig.close();
  return { before: before ?? after, after, account, weeks };
}

/** The first part of a mail as the module writes it: base64. */
function bodyOf(text: string): string {
  const [, body = ""] = /Content-Transfer-Encoding: base64\r\n\r\n([A-Za-z0-9+/=\r\n]*)/.exec(text) ?? [];
  return Buffer.from(body, "base64").toString("latin1");
}

/** What every site has now and then. */
function befall(module: SimulatedModem, dice: Dice): void {
  const { clock } = module;
  switch (dice.between(0, 4)) {
    case 0:
      module.restart("restart");
      return;
    case 1:
      module.unplug();
      clock.after(MINUTE, () => module.plug());
      return;
    case 2:
      module.emit("contextLost", undefined);
      return;
    case 3:
      change(module, cell, { rssi: 99, registration: 2 });
      clock.after(5 * MINUTE, () => change(module, cell, { rssi: 20, registration: 1 }));
      return;
    default:
      module.faults.set([{ at: { command: "+QSMTPPUT" }, fault: { kind: "restart" } }]);
  }
}

function listenersOf(
  ...emitters: readonly { eventNames(): (string | symbol)[]; listenerCount(name: string | symbol): number }[]
): number {
  return emitters.reduce(
    (sum, emitter) =>
      sum + emitter.eventNames().reduce((count, name) => count + emitter.listenerCount(name), 0),
    0,
  );
}

async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 5; round++) {
    collect();
    await turn();
  }
}
