/**
 * Weeks in the life of one gateway on the virtual clock: a mail every few minutes, small mishaps, one long process. After
 * each quarter all that it holds is counted.
 */
import { EventEmitter } from "node:events";
import { duplexPair } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { readMessage } from "../../../lib/mail/message/message";
import { Outbox } from "../../../lib/outbox/outbox";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import { cell, change, internet, simulatorTransport, type SimulatedModem } from "../../../lib/simulator";
import { FaultyFiles } from "../../support/faulty-files";
import { ACCOUNT, filesIn, memorySurroundings } from "../../support/memory-rig";
import { MemorySmtp } from "../../support/memory-smtp";
import { KeptLog, modemOn, NETWORK } from "../../support/module-replies";
import { accountOf, add, emptyAccount, type Account, type Case } from "../fault/audit";
import { Dice, mixed } from "../fault/dice";
import { gatewayMailer } from "../fault/gateway-mailer";
import { anyLetter, numberOf } from "../fault/letters";
import { WatchedSignals } from "./signals";

/** Who speaks SMTP. */
export type Way = "module" | "socket";

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
  /** Listeners of abort signals, and signals joined to them. */
  readonly dependants: number;
  readonly spool: number;
  readonly module: number;
}

export interface Soak {
  /** After each quarter. */
  readonly levels: readonly Level[];
  readonly account: Account;
  readonly weeks: number;
}

/** The command in which the module restarts now and then. */
const SENDING = { module: "+QSMTPPUT", socket: "+QISEND" } as const satisfies Record<Way, string>;
/** Turns of the event loop that the streams of a mail by socket need before the virtual time goes on. */
const TURNS = 6;
const QUARTERS = 4;

/** @param at is told how many mails have been raised. */
export async function runSoak(
  mails: number,
  { way, seed, at }: { readonly way: Way; readonly seed: number; readonly at: (mail: number) => void },
): Promise<Soak> {
  const dice = new Dice(mixed(seed, 0));
  const signals = new WatchedSignals();
  const timing = { bootMs: 3_000, airMs: 2_000, networkMs: 500 };
  const { clock, module, server, store } = memorySurroundings({ timing });
  const counter = new MemorySmtp({
    auth: Buffer.from(`\0${ACCOUNT.user}\0${ACCOUNT.password}`).toString("base64"),
  });
  module.state(internet).tcpServer = () => {
    const [near, far] = duplexPair({ allowHalfOpen: true });
    near.on("error", () => undefined);
    counter.serve(far);
    return near;
  };
  const log = new KeptLog();
  const { modem, states } = modemOn(simulatorTransport(module), clock, { log });
  const pdp = new PdpContext(modem, NETWORK);
  const text = { charset: "auto", bccMode: "private", lateNote: 10 } as const;
  const mailer = gatewayMailer(way, { modem, pdp, store, smtp: ACCOUNT, ...text });
  clock.turns = () => (way === "socket" && modem.lock.held ? TURNS : 0);
  const files = new FaultyFiles();
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
    const bySocket = counter.received.splice(0).map(({ to, ...mail }) => ({ recipients: to, ...mail }));
    for (const { recipients, text } of [...server.received.splice(0), ...bySocket]) {
      const isMarked = isMarkedCopy(text);
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
    counter.lines.length = 0;
    states.length = 0;
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
    const dependants = signals.dependants();
    await collectGarbage();
    return {
      heap: process.memoryUsage().heapUsed,
      handles: process.getActiveResourcesInfo().length,
      timers: clock.timers,
      listeners: listenersOf(modem, module, outbox, ...(mailer instanceof EventEmitter ? [mailer] : [])),
      dependants,
      spool: files.paths().length,
      module: filesIn(module).length,
    };
  };

  const levels: Level[] = [];
  for (let number = 0; number < mails; number++) {
    await send(number);
    if (number % MISHAP_EVERY === MISHAP_EVERY - 1) befall(module, dice, way);
    await clock.advance(dice.between(1, LONGEST_PAUSE) * MINUTE);
    if (number % 100 === 99) {
      at(number);
      await clock.run(() => outbox.summary().depth === 0, PATIENCE);
      settle();
    }
    if ((number + 1) % Math.ceil(mails / QUARTERS) === 0 || number + 1 === mails) levels.push(await level());
  }
  const weeks = clock.now() / WEEK;
  await clock.until(outbox.close());
  mailer.close();
  pdp.close();
  await clock.until(modem.close());
  signals.end();
  return { levels, account, weeks };
}

/** The first part of the text is base64, or quoted-printable, which may break a line between words. */
function isMarkedCopy(text: string): boolean {
  const [, encoded = ""] = /Content-Transfer-Encoding: base64\r\n\r\n([A-Za-z0-9+/=\r\n]*)/.exec(text) ?? [];
  const plain = text.replaceAll("=\r\n", "");
  return (
    plain.includes("Possible duplicate") || Buffer.from(encoded, "base64").includes("Possible duplicate")
  );
}

/** What every site has now and then. */
function befall(module: SimulatedModem, dice: Dice, way: Way): void {
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
      module.faults.set([{ at: { command: SENDING[way] }, fault: { kind: "restart" } }]);
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
