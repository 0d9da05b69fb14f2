/**
 * One episode: a gateway, a module and a mail server of their own, a number of mails and many mishaps within hours of
 * virtual time; then all is mended, and every mail has to end.
 *
 * An episode depends on its seed and number alone, so that a failure is repeated by these two.
 */
import { simpleParser } from "mailparser";
import { readMessage } from "../../../lib/mail/message/message";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import { memoryNotebook } from "../../../lib/quectel/notebook";
import { internet, SimulatedModem, simulatorTransport, type VariantChoice } from "../../../lib/simulator";
import { variantTable, variantNames, cell, change, simCard } from "../../../lib/simulator";
import { storageOf } from "../../../lib/simulator/module/file-store";
import { FastClock } from "../../support/fast-clock";
import { NETWORK } from "../../support/module-replies";
import { accountOf, add, emptyAccount, type Account, type Case } from "./audit";
import { CANARIES, leaksIn } from "./canaries";
import { Dice, mixed } from "./dice";
import { Gateway } from "./gateway";
import { anyLetter, numberOf, type Charset } from "./letters";
import { MISHAPS, NOISE, type Scene } from "./mishaps";
import { COUNTERS, type Arrival, type PostOffice } from "./post-office";
import { WireWitness } from "./wire-witness";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Minutes. */
const MAX_AGE = 1440;
/** Looks at the outbox, for its age, this often. */
const AGE_STEP = 10 * SECOND;
/** A person looks after a held outbox this often. */
const PERSON_EVERY = 40 * MINUTE;
/** Longest that the end of an episode may take: the age of a mail, and the probes of a hold. */
const PATIENCE = (MAX_AGE + 120) * MINUTE;

export interface EpisodePlan {
  readonly seed: number;
  readonly number: number;
  readonly mails: number;
  /** 0: an episode without any mishap. */
  readonly mishaps: number;
  readonly office: PostOffice;
  /** Takes what happens, second by second, for a person who looks for the cause. */
  readonly story: string[];
}

export interface EpisodeReport {
  readonly account: Account;
  /** What does not stand in the account, in words. */
  readonly complaints: readonly string[];
  readonly mishaps: ReadonlyMap<string, number>;
}

export async function runEpisode(plan: EpisodePlan): Promise<EpisodeReport> {
  const dice = new Dice(mixed(plan.seed, plan.number));
  const { office, story } = plan;
  office.reset();
  const clock = new FastClock(Date.UTC(2026, 0, 1));
  const isNoisy = dice.hit(0.3);
  const counter = dice.pick(COUNTERS);
  const charset: Charset = dice.pick(["auto", "auto", "utf-8", "gb2312", "big5"]);
  const tell = (what: string): void => void story.push(`${(clock.now() / SECOND).toFixed(3)} ${what}`);
  const module = new SimulatedModem({
    clock,
    busy: (work) => clock.busy(work),
    variants: anyVariants(dice),
    timing: {
      bootMs: dice.between(1_000, 15_000),
      networkMs: dice.between(100, 5_000),
      airMs: dice.between(200, 20_000),
      thinkingMs: dice.between(0, 20),
      line: isNoisy ? 115_200 : "unpaced",
    },
  });
  module.log.follow((entry) => {
    if (entry.kind === "line" || entry.kind === "urc" || entry.kind === "event")
      tell(`module ${entry.kind} ${entry.text}`);
  });
  office.login = { user: CANARIES.smtpUser, password: CANARIES.smtpPassword };
  const world = module.state(internet);
  world.hosts = { "mail.example.com": "127.0.0.1" };
  if (counter === "memory") world.mailServer = office.take;

  // A PIN spoilt on its way would be refused for good.
  if (!isNoisy && dice.hit(0.3)) {
    change(module, simCard, { pin: CANARIES.simPin });
    module.restart("powerLoss");
  }

  const witness = new WireWitness();
  const leaks = new Set<string>();
  const published = (what: string, text: string): void => {
    for (const leak of leaksIn(text))
      // The trace shows the AT lines; in that of the PDP context the password is masked, the user is not.
      if (what !== "trace" || !leak.endsWith(CANARIES.apnUser)) leaks.add(`${leak} in ${what}`);
    if (what === "state" || what === "trouble" || what === "hold" || what === "open")
      tell(`host ${what} ${text}`);
  };
  const cases = new Map<number, Case>();
  const notebook = memoryNotebook();
  const gateway = new Gateway({
    clock,
    transport: simulatorTransport(module, { portName: "usbat" }),
    witness,
    notebook,
    network: {
      ...NETWORK,
      apn: "iot.example",
      apnAuth: "pap",
      apnUser: CANARIES.apnUser,
      apnPassword: CANARIES.apnPassword,
      simPin: CANARIES.simPin,
    },
    smtp: {
      host: "mail.example.com",
      port: office.port(counter),
      security: counter === "tls" || counter === "starttls" ? counter : "none",
      user: CANARIES.smtpUser,
      password: CANARIES.smtpPassword,
      senderName: "Pump 7",
      senderAddress: "pump7@example.com",
      tls: { verify: true, root: { from: "auto" }, contextId: 1 },
      encoding: "auto",
      sendTimeout: dice.pick([60, 300]),
    },
    bccMode: dice.pick(["private", "private", "module"]),
    queue: {
      maxAge: MAX_AGE,
      maxQueued: dice.pick([1000, 1000, 8]),
      maxSpoolMB: 100,
      keepFailedDays: 7,
      ratePerHour: 0,
      fingerprint: {
        port: "p",
        sim: "",
        apn: CANARIES.apnPassword,
        server: "s",
        login: CANARIES.smtpPassword,
        sender: "f",
      },
    },
    charset,
    random: dice.random,
    published,
    ended: (ended) => {
      const { number } = ended.origin.message as { number?: number };
      const told = [...cases.values()].find(({ letter }) => letter.number === number) ?? byId.get(ended.id);
      tell(
        `told ${number} ${ended.id} ${ended.result.status} ${ended.failure?.code ?? ""} ${ended.failure?.outcome ?? ""}`,
      );
      published("end", JSON.stringify(forJson(ended)));
      told?.ends.push(ended);
      const begun = told && ages.get(told);
      if (told !== undefined && begun !== undefined)
        told.overdue ??= overdue(told.letter.maxAge, age.since(begun));
    },
  });
  const byId = new Map<string, Case>();
  const age = new OutboxAge(clock, gateway);
  const ages = new Map<Case, Instant>();

  const cures = new Set<() => void>();
  const heal = (ms: number, repair: () => void): void => {
    const cure = (): void => {
      if (!cures.delete(cure)) return;
      repair();
    };
    cures.add(cure);
    clock.after(ms, cure);
  };
  const scene: Scene = { clock, module, office, gateway, dice, heal };
  const struck = new Map<string, number>();

  // Mails and mishaps at random moments.
  const span = plan.mails * dice.between(10, 120) * SECOND;
  let toRaise = plan.mails;
  for (let at = 0; at < plan.mails; at++) {
    const letter = anyLetter(plan.number * 1000 + at, charset, dice);
    clock.after(dice.between(0, span), () => void raise(letter));
  }
  let isOver = plan.mishaps === 0;
  const pool = isNoisy ? [...MISHAPS, ...NOISE, ...NOISE] : MISHAPS;
  for (let at = 0; at < plan.mishaps; at++) {
    const { name, strike } = dice.weighted(pool);
    clock.after(dice.between(0, span), () => {
      if (isOver) return;
      tell(`MISHAP ${name}`);
      struck.set(name, (struck.get(name) ?? 0) + 1);
      strike(scene);
    });
  }
  const person = (): void => {
    const { outbox } = gateway;
    if (outbox?.summary().hold !== undefined) void outbox.resume().catch(() => undefined);
    clock.after(PERSON_EVERY, person);
  };
  clock.after(PERSON_EVERY, person);

  async function raise(letter: Case["letter"]): Promise<void> {
    if (gateway.outbox === undefined) {
      clock.after(10 * SECOND, () => void raise(letter));
      return;
    }
    toRaise--;
    const mail = await readMessage(letter.message, {}, { allowFrom: false, attachmentPaths: [] });
    const one: Case = {
      letter,
      recipients: [...mail.to, ...mail.cc, ...mail.bcc],
      answer: undefined,
      ends: [],
      overdue: undefined,
      copies: [],
    };
    cases.set(letter.number, one);
    ages.set(one, age.now());
    try {
      const { id } = await gateway.accept(
        mail,
        { maxAge: letter.maxAge, delivery: letter.delivery },
        letter.number,
      );
      byId.set(id, one);
      one.answer = "accepted";
      tell(
        `accepted ${letter.number} ${id} ${letter.delivery} ${letter.maxAge} to ${one.recipients.length}, ${letter.attachments.length} files`,
      );
    } catch (error) {
      one.answer = "refused";
      tell(`refused ${letter.number} ${String(error)}`);
    }
  }

  gateway.start();
  await clock.run(() => clock.now() >= span && toRaise === 0, span + PATIENCE);
  tell("ALL IS MENDED");
  isOver = true;
  for (const cure of cures) cure();
  module.faults.set([]);
  change(module, simCard, { inserted: true });
  change(module, cell, { registration: 1, rssi: 23, grantsContext: true });
  module.plug();
  gateway.start();
  const open = (): number =>
    [...cases.values()].filter(({ answer, ends }) => answer === "accepted" && ends.length === 0).length;
  const complaints: string[] = [];
  const end = clock.now() + PATIENCE;
  await clock
    .run(
      () => (open() === 0 && gateway.outbox !== undefined && cures.size === 0) || clock.now() > end,
      PATIENCE + HOUR,
    )
    .catch((error: unknown) => complaints.push(String(error)));
  // The results of the last mail have been taken, and its contents are deleted from the module.
  await clock.advance(10 * SECOND);
  const files = (["RAM", "UFS"] as const).flatMap((storage) =>
    storageOf(module, storage)
      .all()
      .map(({ name }) => name),
  );
  // A file may stand under a name that noise has spoilt, which the host cannot know: it knows those that it has noted.
  const noted = (await notebook.read("files").catch(() => undefined)) ?? "";
  const left = files.filter((name) => (isNoisy ? noted.includes(`:${name}"`) : !name.startsWith("ca-")));
  if (left.length > 0 && gateway.current?.modem.state.name === "ready" && open() === 0)
    complaints.push(`files left in the module: ${left.join(", ")}`);
  for (const path of gateway.disk.paths()) {
    if (!path.startsWith("/user/quectel-modem/m1/spool/"))
      complaints.push(`written outside the spool: ${path}`);
    published("spool", gateway.disk.text(path));
  }
  await clock.until(gateway.close(), HOUR).catch((error: unknown) => complaints.push(String(error)));
  complaints.push(...witness.complaints, ...leaks);

  for (const arrival of office.arrivals) await file(arrival, cases, complaints);
  const account = emptyAccount();
  for (const one of cases.values()) {
    add(account, accountOf(one));
    for (const { recipient, isMarked } of one.copies)
      story.push(`copy ${recipient}${isMarked ? " marked" : ""}`);
  }
  if (isNoisy) {
    // Nothing proves a text on a line without checksums.
    account.spoiltTexts = account.alteredTexts;
    account.alteredTexts = 0;
  }
  return { account, complaints, mishaps: struck };
}

/** Milliseconds beyond the maximum age. A limit of the mail's own goes on under a hold, the modem's does not. */
function overdue(ownLimit: number | undefined, { running, active }: Instant): number {
  return ownLimit === undefined ? active - MAX_AGE * MINUTE : running - ownLimit * MINUTE;
}

/** Times of an outbox, milliseconds. */
interface Instant {
  readonly running: number;
  /** Without holds. */
  readonly active: number;
}

/** How long an outbox has been there, and how long of that it was not held, over all its lives. */
class OutboxAge {
  private running = 0;
  private active = 0;

  constructor(clock: FastClock, gateway: Gateway) {
    const look = (): void => {
      if (gateway.outbox !== undefined) {
        this.running += AGE_STEP;
        if (gateway.outbox.summary().hold === undefined) this.active += AGE_STEP;
      }
      clock.after(AGE_STEP, look);
    };
    clock.after(AGE_STEP, look);
  }

  now(): Instant {
    return { running: this.running, active: this.active };
  }

  /** Age of a mail, by the time that its limit counts. */
  since(begun: Instant): Instant {
    return { running: this.running - begun.running, active: this.active - begun.active };
  }
}

/** Sorts an arrival to the letters of its recipients. */
async function file(arrival: Arrival, cases: ReadonlyMap<number, Case>, complaints: string[]): Promise<void> {
  const parsed = await simpleParser(arrival.raw);
  const text = lines(parsed.text ?? "");
  for (const recipient of arrival.recipients) {
    const one = cases.get(numberOf(recipient) ?? -1);
    if (one === undefined) {
      complaints.push(`a mail went to ${recipient}`);
      continue;
    }
    const contents = parsed.attachments.map(({ content }) => content);
    const { letter } = one;
    one.copies.push({
      recipient,
      isMarked: text.includes("May be a repeat"),
      hasAttachments: letter.attachments.every(({ content }) => contents.some((got) => got.equals(content))),
      hasText: [text, ...contents.map(String)].some((one) => lines(one).includes(letter.text)),
    });
  }
}

function lines(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

function anyVariants(dice: Dice): VariantChoice {
  const chosen = variantNames.flatMap((name) =>
    dice.hit(0.12) && !BARRING.has(name) ? [[name, dice.pick<string>(variantTable[name].values)]] : [],
  );
  return Object.fromEntries(chosen) as VariantChoice;
}

/** Switches with a value under which a result can never come, or the settings of all episodes are refused. */
const BARRING: ReadonlySet<string> = new Set(["smtp-string-limit", "attachment-limit", "data-mode-urc"]);

function forJson({ id, origin, result, failure, error }: MailEnded): unknown {
  return {
    id,
    origin,
    result,
    failure,
    error: error === undefined ? undefined : `${error.message} ${String(error.stack)} ${String(error.cause)}`,
  };
}
