/**
 * One episode: a gateway, a module and a mail server of their own, a number of mails and mishaps within hours of virtual
 * time; then all is mended, and every mail has to end.
 *
 * An episode depends on its seed and number alone, so that a failure is repeated by these two, whole or with some of
 * its mails and mishaps.
 */
import type { Duplex } from "node:stream";
import { readMessage } from "../../../lib/mail/message/message";
import { once } from "../../../lib/async";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { change, internet, simCard, simulatorTransport } from "../../../lib/simulator";
import { FastClock } from "../../support/fast-clock";
import { NETWORK } from "../../support/module-replies";
import type { Account, Case, End } from "./audit";
import { anyModule } from "./any-module";
import { CANARIES, leaksIn } from "./canaries";
import { CHANGE_OF_MAILER, DEPLOYS } from "./deploys";
import { Dice, mixed } from "./dice";
import { certificate } from "../../support/certificates";
import { ACCESS, BOTH_PORTS, MAX_AGE, QUEUE } from "./episode-settings";
import type { NodesOptions } from "./flow";
import { flowsOf } from "./flow-file";
import { Gateway, type GatewayOptions } from "./gateway";
import type { MailerKind } from "./gateway-mailer";
import { Host } from "./host";
import { hashOf, Ledger } from "./ledger";
import { leftBehind } from "./left-behind";
import { address, type Charset, type Letter } from "./letters";
import { anyLatency } from "./latencies";
import { holdTimeForMessages } from "./message-time";
import { memoryConnection } from "./memory-connection";
import { Mending } from "./mending";
import type { Scene } from "./mishap";
import { MISHAPS, NOISE } from "./mishaps";
import { OtherHost } from "./other-host";
import { OutboxAge, overdue, type Instant } from "./outbox-age";
import { COUNTERS, type Arrival, type PostOffice } from "./post-office";
import { ProcessPause } from "./process-pause";
import type { Reached } from "./reached";
import { anySchedule, MAILS, type Chosen, type Schedule } from "./schedule";
import { withSeededChance } from "./seeded-chance";
import { refusalsOf, socketCounter } from "./socket-counter";
import { SOCKET_MISHAPS } from "./socket-mishaps";
import { WireWitness } from "./wire-witness";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const BEGIN = Date.UTC(2026, 0, 1);
/** Half of the episodes by the module's own client. */
const MAILERS: readonly MailerKind[] = ["module", "module", "socket", "auto"];
/** Turns of the event loop between two moments of the virtual clock while streams in memory are at work. */
const TURNS = 6;
/** A node takes each message in a turn of its own. */
const TURNS_OF_NODES = 1;
/** In every third episode messages come in through nodes. */
const NODES_EVERY = 3;
/** Number of an episode's stream of chance. */
const OF_NODES = 3_000;
/** What goes through a table begins here with each episode. */
const TURNS_PER_EPISODE = 12;
/** Number of the first test mail of an episode, behind those of its letters. */
const FIRST_TEST = 900;
const FIRST_FOREIGN = 500;
/** Longest that the end of an episode may take: the age of a mail, and the probes of a hold. */
const PATIENCE = (MAX_AGE + 120) * MINUTE;

export interface EpisodePlan {
  readonly seed: number;
  readonly number: number;
  /** Those that it is repeated with; left out: all. */
  readonly chosen?: Chosen;
  /** A defect on purpose, for tests of the campaign. */
  readonly spoil?: NonNullable<GatewayOptions["spoil"]>;
  readonly spoilNode?: NonNullable<NodesOptions["spoilNode"]>;
  readonly office: PostOffice;
  readonly reached: Reached;
  /** Takes what happens, second by second, for a person who looks for the cause. */
  readonly story: string[];
}

export interface EpisodeReport {
  readonly account: Account;
  /** What does not stand in the account, in words. */
  readonly complaints: readonly string[];
  /** How often each kind of mishap has struck. */
  readonly mishaps: ReadonlyMap<string, number>;
  /** Mails and mishaps that it had. */
  readonly had: Chosen;
  /** Kinds of the mishaps that it had, in the order of their positions. */
  readonly kinds: readonly string[];
  /** Messages came in through nodes. */
  readonly isByNodes: boolean;
  /** Of the story: the same for the same seed and number. */
  readonly hash: string;
  /** False where encryption decides about bytes and times: its signatures and tickets differ in length each time. */
  readonly isRepeatable: boolean;
}

export function runEpisode(plan: EpisodePlan): Promise<EpisodeReport> {
  return withSeededChance(mixed(~plan.seed, plan.number), () => played(plan));
}

async function played(plan: EpisodePlan): Promise<EpisodeReport> {
  const dice = new Dice(mixed(plan.seed, plan.number));
  const { office, story, reached } = plan;
  office.reset();
  reached.begin();
  const clock = new FastClock(BEGIN);
  holdTimeForMessages(clock);
  const mailer = dice.pick(MAILERS);
  const isByNodes = plan.spoil === undefined && (plan.seed + plan.number) % NODES_EVERY === 0;
  const counter = dice.pick(COUNTERS);
  const security = counter === "tls" || counter === "starttls" ? counter : "none";
  // Without encryption nothing proves what a server has heard over a line without checksums.
  const isNoisy = dice.hit(0.3) && (mailer === "module" || security !== "none");
  const charset: Charset = dice.pick(["auto", "auto", "utf-8", "gb2312", "big5"]);
  const port = office.port(counter);
  // The operating system chose the port.
  const tell = (what: string): void =>
    void story.push(`${(clock.now() / SECOND).toFixed(3)} ${what.replaceAll(String(port), "port")}`);
  const module = anyModule(dice, {
    clock,
    begin: BEGIN,
    isNoisy,
    // What is in memory takes virtual time.
    busy: (work) => (world.smtpServer === undefined ? clock.busy(work) : work),
  });
  let lastPutAt = 0;
  module.log.follow((entry) => {
    if (entry.kind === "line" && entry.text.startsWith("AT+QSMTPPUT=")) lastPutAt = clock.now();
    if (entry.kind === "line" || entry.kind === "urc" || entry.kind === "event")
      tell(`module ${entry.kind} ${entry.text}`);
  });
  office.login = { user: CANARIES.smtpUser, password: CANARIES.smtpPassword };
  const world = module.state(internet);
  world.givenOnly = true;
  world.hosts = { "mail.example.com": "127.0.0.1" };
  if (counter === "memory") world.mailServer = office.take;
  const serve = socketCounter({
    office,
    security,
    counter: "socket",
    before: refusalsOf(module),
  });
  // Of its own, so that it changes nothing else of the episode.
  const networkMs = anyLatency("network", new Dice(mixed(plan.seed, ~plan.number)).random);
  const connections = new Set<Duplex>();
  const connectedTo = (server: (peer: Duplex) => void): Duplex => {
    const near = memoryConnection(server, { clock, ms: networkMs });
    connections.add(near);
    return near.once("close", () => connections.delete(near));
  };
  world.tcpServer = () => connectedTo(serve);
  // The simulated client asks for faults itself. Some episodes keep the real sockets.
  const serveClient = socketCounter({ office, security, counter, before: async () => undefined });
  if (!dice.hit(0.2)) world.smtpServer = () => connectedTo(serveClient);

  // A PIN spoilt on its way would be refused for good.
  if (!isNoisy && dice.hit(0.3)) {
    change(module, simCard, { pin: CANARIES.simPin });
    module.restart("powerLoss");
  }

  const leaks = new Set<string>();
  const published = (what: string, text: string): void => {
    for (const leak of leaksIn(text))
      // The trace shows the AT lines; in that of the PDP context the password is masked, the user is not.
      if (what !== "trace" || !leak.endsWith(CANARIES.apnUser)) leaks.add(`${leak} in ${what}`);
    if (what === "flow" || what === "state" || what === "trouble" || what === "hold" || what === "open")
      tell(`host ${what} ${text}`);
  };
  const ledger = new Ledger(isNoisy);
  /** Messages that a process that lives has neither accepted nor refused. */
  const unanswered = new Set<Case>();
  const pause = new ProcessPause(clock);
  // Each with chance of its own, so that one does not change with another.
  const own = (): Dice => new Dice(dice.between(0, 2 ** 31));
  const [jitter, others] = [own(), own()];
  const [diskMs, lineMs] = [anyLatency("disk", own().random), anyLatency("line", own().random)];
  const shared = {
    clock,
    pause,
    mailer,
    network: { ...NETWORK, ...ACCESS, allowReset: dice.hit(0.85) },
    smtp: {
      host: "mail.example.com",
      port,
      security,
      user: CANARIES.smtpUser,
      password: CANARIES.smtpPassword,
      senderName: "Pump 7",
      senderAddress: "pump7@example.com",
      tls: {
        verify: true,
        root: mailer === "module" ? { from: "auto" } : { from: "pem", pem: certificate("ca").cert },
        contextId: 1,
      },
      encoding: "auto",
      sendTimeout: dice.pick([60, 300]),
    },
    bccMode: dice.pick(["private", "private", "module"]),
    queue: { ...QUEUE, maxAge: MAX_AGE, maxQueued: dice.pick([1000, 1000, 8]) },
    charset,
    random: jitter.random,
    diskMs: (operation) => host.diskMs(operation) + diskMs(),
    lineMs,
    published,
    ...(plan.spoil !== undefined && { spoil: plan.spoil }),
  } satisfies Partial<GatewayOptions>;
  const letters = (): readonly Letter[] => schedule.mails.map(({ letter }) => letter);
  const stations = (dice.hit(0.25) ? BOTH_PORTS : BOTH_PORTS.slice(0, 1)).map(({ port, sender }) => {
    const witness = new WireWitness();
    const store = memoryStore();
    const ages = new Map<Case, Instant>();
    const flows = once(() =>
      flowsOf({
        ...shared,
        port,
        smtp: { ...shared.smtp, senderAddress: sender },
        text: { bccMode: shared.bccMode, charset },
        letters: letters(),
        dice: new Dice(mixed(mixed(plan.seed, plan.number), OF_NODES)),
      }),
    );
    const nodes: GatewayOptions["nodes"] = {
      flows,
      letters,
      complain: (what) => void ledger.complaints.push(what),
      ...(plan.spoilNode !== undefined && { spoilNode: plan.spoilNode }),
    };
    const gateway = new Gateway({
      ...shared,
      ...(isByNodes && { nodes }),
      port,
      witness,
      store,
      transport: simulatorTransport(module, { portName: port }),
      smtp: { ...shared.smtp, senderAddress: sender },
      ended: (ended) => {
        const told = ledger.caseOf(ended);
        const { status } = ended.result;
        tell(
          `told ${told?.letter.number} ${ended.id} ${status} ${ended.failure?.code ?? ""} ${ended.failure?.outcome ?? ""}`,
        );
        published("end", JSON.stringify(forJson(ended)));
        if (told === undefined || told.sender !== sender) {
          ledger.complaints.push(`${sender} told the end of a mail that is none of its own`);
          return;
        }
        told.ends.push({ ...ended, epoch: host.epoch });
        const begun = ages.get(told);
        if (begun !== undefined) told.overdue ??= overdue(told.letter.maxAge, MAX_AGE, age.since(begun));
      },
    });
    const age = new OutboxAge(clock, gateway);
    return { gateway, witness, ages, age, sender };
  });
  const host = new Host(
    stations.map(({ gateway }) => gateway),
    pause,
    () => {
      reached.restarted();
      unanswered.clear();
    },
  );

  const mending = new Mending({ clock, module, host });
  const { heal } = mending;
  let tests = 0;
  const testMail = (cancelAfterMs: number | undefined): void => {
    const recipient = address(plan.number * 1000 + FIRST_TEST + tests++, "test");
    const cancelled = new AbortController();
    const end = others.pick(host.gateways).testMail(recipient, cancelled.signal);
    if (end === undefined) return;
    tell(`test mail to ${recipient}`);
    ledger.tested(recipient);
    void end.then((told) => {
      tell(`test mail to ${recipient}: ${told}`);
      ledger.tested(recipient, told);
    });
    if (cancelAfterMs !== undefined) heal(cancelAfterMs, () => cancelled.abort());
  };
  const otherHost = new OtherHost(module, () => host.knowsOthers);
  let foreigners = 0;
  const foreignMail = (): void => {
    const recipient = address(plan.number * 1000 + FIRST_FOREIGN + foreigners++, "other");
    otherHost.send(recipient, others.between(100, 20_000), () =>
      tell(`another host has sent to ${recipient}`),
    );
    ledger.foreign(recipient);
  };
  const struck = new Map<string, number>();

  const span = MAILS * dice.between(10, 120) * SECOND;
  const usual = mailer === "module" ? MISHAPS : [...MISHAPS, ...SOCKET_MISHAPS, ...SOCKET_MISHAPS];
  const noisy = isNoisy ? [...usual, ...NOISE, ...NOISE] : usual;
  // By socket without encryption nothing proves what the server has got over such a line.
  const isEitherWay = !isNoisy || security !== "none";
  const deploys = isEitherWay ? [...DEPLOYS, CHANGE_OF_MAILER] : DEPLOYS;
  const pool = isByNodes ? [...noisy, ...deploys] : noisy;
  const schedule: Schedule = anySchedule({ ...plan, charset, pool, span, chosen: plan.chosen });
  let toRaise = schedule.mails.length;
  for (const { at, letter } of schedule.mails) clock.after(at, () => void raise(letter));
  let isOver = false;
  for (const { position, at, mishap, dice } of schedule.mishaps) {
    const { name, strike } = mishap;
    const note = (): void => {
      tell(`STRIKES ${name}`);
      reached.struck(name);
    };
    const turn = plan.number * TURNS_PER_EPISODE + position;
    const contradicted = (arrival: Arrival): void => ledger.contradicted(arrival);
    const acts = { heal, contradicted, testMail, otherHost, foreignMail, note };
    const scene: Scene = { mailer, clock, module, office, host, dice, turn, ...acts };
    clock.after(at, () => {
      if (isOver) return;
      tell(`MISHAP ${name}`);
      struck.set(name, (struck.get(name) ?? 0) + 1);
      if (strike(scene) !== "later") note();
    });
  }
  mending.watch();

  async function raise(letter: Case["letter"]): Promise<void> {
    const station = stations[letter.number % stations.length];
    if (station?.gateway.takes(letter) !== true || host.isPaused) {
      clock.after(10 * SECOND, () => void raise(letter));
      return;
    }
    toRaise--;
    const { gateway, sender, ages, age } = station;
    const mail = await readMessage(letter.message, {}, { allowFrom: false, attachmentPaths: [] });
    const one = ledger.raise(letter, [...mail.to, ...mail.cc, ...mail.bcc], sender);
    ages.set(one, age.now());
    unanswered.add(one);
    try {
      const { maxAge, delivery } = letter;
      const { id } = await gateway.take(letter, mail);
      ledger.accepted(one, id);
      reached.accepted(id);
      tell(`accepted ${letter.number} ${id} ${delivery} ${maxAge} to ${one.recipients.length}`);
    } catch (error) {
      one.answer = "refused";
      tell(`refused ${letter.number} ${String(error)}`);
    } finally {
      unanswered.delete(one);
    }
  }

  const isAtWork = (): boolean =>
    (isByNodes || mailer !== "module") &&
    host.gateways.some(({ current }) => current?.modem?.lock.held === true);
  clock.turns = () => {
    if (connections.size > 0 || isAtWork()) return TURNS;
    return isByNodes ? TURNS_OF_NODES : 0;
  };
  host.start();
  await clock.run(() => clock.now() >= span && toRaise === 0, span + PATIENCE);
  tell("ALL IS MENDED");
  isOver = true;
  mending.all();
  const { complaints } = ledger;
  const end = clock.now() + PATIENCE;
  await clock
    .run(
      () => (ledger.open + unanswered.size + mending.due === 0 && host.isServing) || clock.now() > end,
      PATIENCE + HOUR,
    )
    .catch((error: unknown) => complaints.push(String(error)));
  // The results of the last mail have been taken, and its contents are deleted from the module.
  await clock.advance(10 * SECOND);
  const remains = { module, host, isNoisy, lastPutAt, open: ledger.open };
  complaints.push(...(await clock.until(leftBehind(remains), HOUR)));
  for (const { disk } of host.gateways) for (const path of disk.paths()) published("spool", disk.text(path));
  complaints.push(...host.gateways.flatMap(({ debts }) => debts));
  if (unanswered.size > 0) complaints.push(`${unanswered.size} messages were neither accepted nor refused`);
  await clock.until(host.close(), HOUR).catch((error: unknown) => complaints.push(String(error)));
  complaints.push(...stations.flatMap(({ witness }) => witness.complaints), ...leaks);

  const hash = hashOf(story);
  const account = await ledger.settle(office.arrivals, story);
  if (isNoisy) {
    // Nothing proves a text on a line without checksums.
    account.spoiltTexts = account.alteredTexts;
    account.alteredTexts = 0;
  }
  const isByClient = mailer === "module" && !struck.has(CHANGE_OF_MAILER.name);
  const isRepeatable = isByClient || security === "none";
  const had = {
    mails: schedule.mails.map(({ position }) => position),
    mishaps: schedule.mishaps.map(({ position }) => position),
  };
  const kinds = schedule.mishaps.map(({ mishap }) => mishap.name);
  return { account, complaints, mishaps: struck, had, kinds, isByNodes, hash, isRepeatable };
}

function forJson({ id, origin, result, failure, error }: End): unknown {
  return {
    id,
    origin,
    result,
    failure,
    error: error === undefined ? undefined : `${error.message} ${String(error.stack)} ${String(error.cause)}`,
  };
}
