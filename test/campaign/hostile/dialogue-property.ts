/**
 * Property of hostile messages in the dialogue with a module that fails: each accepted one, whatever it holds, passes spool, mailer,
 * AT engine and simulated module to a mail server, through the mishaps of the part "faults", to its told end.
 *
 * `joined-property.ts` follows more of them past a mailer without a module. Here it counts what only the whole way can show:
 * command lines of a known form whatever interrupts them, and a mail at the server with no header, part or recipient that the
 * message did not have.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import { ModemError } from "../../../lib/errors";
import type { Mail } from "../../../lib/mail/mail";
import { readMessage } from "../../../lib/mail/message/message";
import { snapshotOf } from "../../../lib/mail/message/snapshot";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { internet, simulatorTransport, type SimulatedModem } from "../../../lib/simulator";
import { FastClock } from "../../support/fast-clock";
import { NETWORK } from "../../support/module-replies";
import { ownOfAll } from "../../support/own-of-all";
import { anyModule } from "../fault/any-module";
import type { End } from "../fault/audit";
import { Dice } from "../fault/dice";
import { ACCESS, MAX_AGE, QUEUE } from "../fault/episode-settings";
import { Gateway, type GatewayOptions } from "../fault/gateway";
import type { MailerKind } from "../fault/gateway-mailer";
import { Host } from "../fault/host";
import { anyLatency } from "../fault/latencies";
import { memoryConnection } from "../fault/memory-connection";
import { Mending } from "../fault/mending";
import { MINUTE, SECOND, type Scene } from "../fault/mishap";
import { MISHAPS } from "../fault/mishaps";
import { OtherHost } from "../fault/other-host";
import { OTHER_USERS } from "../fault/other-users";
import { PostOffice, type Arrival } from "../fault/post-office";
import { ProcessPause } from "../fault/process-pause";
import { withSeededChance } from "../fault/seeded-chance";
import { refusalsOf, socketCounter } from "../fault/socket-counter";
import { SOCKET_MISHAPS } from "../fault/socket-mishaps";
import { WireWitness } from "../fault/wire-witness";
import { injectedIn } from "./arrived";
import { anyMessage } from "./messages";

const BEGIN = Date.UTC(2026, 0, 1);
const SENDER = "pump7@example.com";
const OPTIONS = { maxAge: undefined, delivery: "atLeastOnce" } as const;
const POLICY = { allowFrom: true, attachmentPaths: [] };
/** Longest that it may take until all ends are told. */
const PATIENCE_MS = (MAX_AGE + 180) * MINUTE;
/** Turns of the event loop between two moments of the virtual clock, with a mail under way and without. */
const TURNS = 20;
const FEWEST_TURNS = 1;

/** Those of the module, its line, its network, the server and the host; no mails of others. */
const ALL_MISHAPS = [...MISHAPS.filter((one) => !OTHER_USERS.includes(one)), ...SOCKET_MISHAPS];

type Spoil = NonNullable<GatewayOptions["spoil"]>;

type Step =
  | { readonly do: "message"; readonly seed: number }
  | { readonly do: "mishap"; readonly name: string; readonly seed: number }
  | { readonly do: "wait"; readonly seconds: number };

const seed = fc.nat(2 ** 31 - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("message" as const), seed }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("mishap" as const),
      name: fc.constantFrom(...ALL_MISHAPS.map(({ name }) => name)),
      seed,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), seconds: fc.nat(600) }) },
);

/** What the cases of a run have seen. */
export interface Seen {
  accepted: number;
  delivered: number;
  struck: number;
}

/**
 * @param seen is added to
 * @param spoil a defect on purpose, for a test of this property
 */
export function dialogueProperty(
  seen: Seen = { accepted: 0, delivered: 0, struck: 0 },
  spoil: Spoil = (right) => right,
): fc.IAsyncPropertyWithHooks<[number, Step[]]> {
  return fc.asyncProperty(seed, fc.array(step, { minLength: 2, maxLength: 12 }), async (world, steps) => {
    const before = ownOfAll();
    await withSeededChance(world, async () => {
      const life = new Life(new Dice(world), seen, spoil);
      for (const one of steps) await life.take(one);
      await life.close();
    });
    assert.equal(ownOfAll(), before);
  });
}

/** A message that became a mail. */
interface Raised {
  /** Its own alone. */
  readonly address: string;
  readonly mail: Mail;
  id: string | undefined;
  isRefused: boolean;
  /** The module has contradicted the server: nothing tells its word from the truth. */
  isContradicted: boolean;
}

class Life {
  private readonly clock = new FastClock(BEGIN);
  private readonly pause = new ProcessPause(this.clock);
  private readonly office = new PostOffice();
  private readonly witness = new WireWitness();
  private readonly mailer: MailerKind;
  private readonly module: SimulatedModem;
  private readonly raised: Raised[] = [];
  /** Those that a process that lives has neither accepted nor refused. */
  private readonly unanswered = new Set<Raised>();
  private readonly ends: End[] = [];
  /** Ids, each with the epoch of the process that told it. */
  private readonly told = new Set<string>();
  private readonly complaints: string[] = [];
  private readonly gateway: Gateway;
  private readonly host: Host;
  private readonly mending: Mending;

  constructor(
    private readonly dice: Dice,
    private readonly seen: Seen,
    spoil: Spoil,
  ) {
    const { clock, office, pause, witness } = this;
    const mailer = (this.mailer = dice.pick(["module", "module", "socket", "auto"] as const));
    const place = { clock, begin: BEGIN, isNoisy: false, busy: <T>(work: Promise<T>) => work };
    const module = (this.module = anyModule(dice, place));
    // Putting a message into its form takes many, and may wait for the disk, so that time cannot stand still meanwhile.
    clock.turns = () => (this.gateway.current?.modem?.lock.held === true ? TURNS : FEWEST_TURNS);
    office.login = { user: "pump7", password: "s3cret-word" };
    const paced = (pace: Parameters<typeof anyLatency>[0]): (() => number) =>
      anyLatency(pace, new Dice(dice.between(0, 2 ** 31)).random);
    const network = { clock, ms: paced("network") };
    const world = module.state(internet);
    world.givenOnly = true;
    world.hosts = { "mail.example.com": "127.0.0.1" };
    const serve = socketCounter({
      office,
      security: "none",
      counter: "socket",
      before: refusalsOf(module),
    });
    world.tcpServer = () => memoryConnection(serve, network);
    const serveClient = socketCounter({
      office,
      security: "none",
      counter: "plain",
      before: async () => undefined,
    });
    world.smtpServer = () => memoryConnection(serveClient, network);
    const [diskMs, lineMs] = [paced("disk"), paced("line")];
    this.gateway = new Gateway({
      clock,
      pause,
      witness,
      mailer,
      port: "usbat",
      store: memoryStore(),
      transport: simulatorTransport(module, { portName: "usbat" }),
      network: { ...NETWORK, ...ACCESS, simPin: "", allowReset: dice.hit(0.85) },
      smtp: {
        host: "mail.example.com",
        port: 25,
        security: "none",
        ...office.login,
        senderName: "Pump 7",
        senderAddress: SENDER,
        tls: { verify: true, root: { from: "auto" }, contextId: 1 },
        encoding: "auto",
        sendTimeout: 60,
      },
      bccMode: dice.pick(["private", "module"]),
      queue: { ...QUEUE, maxQueued: 100 },
      charset: dice.pick(["auto", "auto", "utf-8", "gb2312", "big5"]),
      random: dice.random,
      diskMs: (operation) => this.host.diskMs(operation) + diskMs(),
      lineMs,
      spoil,
      published: () => undefined,
      ended: (end) => {
        const key = `${end.id} ${this.host.epoch}`;
        // The outbox goes on where a listener throws.
        if (this.told.has(key)) this.complaints.push(`the end of ${end.id} was told twice by one process`);
        this.told.add(key);
        this.ends.push(end);
      },
    });
    const host = (this.host = new Host([this.gateway], pause, () => this.unanswered.clear()));
    this.mending = new Mending({ clock, module, host });
    host.start();
    this.mending.watch();
  }

  async take(one: Step): Promise<void> {
    switch (one.do) {
      case "message":
        return this.raise(one.seed);
      case "mishap":
        return this.strike(one.name, one.seed);
      case "wait":
        return this.clock.advance(one.seconds * SECOND);
    }
  }

  /** All is mended, until nothing waits; then the account. */
  async close(): Promise<void> {
    const { clock, host } = this;
    this.mending.all();
    const isTold = ({ id }: Raised): boolean => id === undefined || this.ends.some((end) => end.id === id);
    const isOver = (): boolean =>
      host.isServing && this.unanswered.size === 0 && this.raised.every(isTold) && this.depth === 0;
    await clock.run(isOver, PATIENCE_MS);
    await clock.until(host.close(), PATIENCE_MS);
    const copies = await Promise.all(this.office.arrivals.map(copyOf));
    for (const one of this.raised) this.settle(one, copies);
    for (const copy of copies) this.inspect(copy);
    assert.deepEqual([...this.complaints, ...this.witness.complaints], []);
    this.seen.accepted += this.raised.filter(({ id }) => id !== undefined).length;
    this.seen.delivered += this.office.arrivals.length;
  }

  private async raise(seed: number): Promise<void> {
    const { host, clock } = this;
    await clock.run(() => host.isServing, PATIENCE_MS);
    const address = `n${this.raised.length}@example.com`;
    let mail: Mail;
    try {
      const { message } = await snapshotOf(anyMessage(new Dice(seed)));
      const read = await readMessage(message, {}, POLICY);
      mail = { ...read, to: [address, ...read.to] };
    } catch (error) {
      this.isRefusal(error);
      return;
    }
    const one: Raised = { address, mail, id: undefined, isRefused: false, isContradicted: false };
    this.raised.push(one);
    // Not awaited: what strikes next may meet it.
    this.unanswered.add(one);
    void this.accept(one).catch((error: unknown) => void this.complaints.push(String(error)));
    await clock.advance(this.dice.between(0, 5 * SECOND));
  }

  private get depth(): number | undefined {
    return this.gateway.outbox?.summary().depth;
  }

  private async accept(one: Raised): Promise<void> {
    try {
      const { outbox } = this.gateway;
      assert(outbox);
      one.id = (await outbox.accept(one.mail, OPTIONS, { nodeId: "n1", message: {} })).id;
    } catch (error) {
      one.isRefused = true;
      this.isRefusal(error);
    } finally {
      this.unanswered.delete(one);
    }
  }

  private isRefusal(error: unknown): void {
    assert(error instanceof ModemError && /^(INVALID|LIMIT|OUTBOX)_/.test(error.code), String(error));
  }

  private async strike(name: string, seed: number): Promise<void> {
    const { mailer, clock, module, office, host, seen } = this;
    const mishap = ALL_MISHAPS.find((one) => one.name === name);
    assert(mishap);
    const dice = new Dice(seed);
    const scene: Scene = {
      mailer,
      clock,
      module,
      office,
      host,
      dice,
      turn: dice.between(0, 1_000),
      heal: this.mending.heal,
      contradicted: ({ recipients }) => {
        for (const one of this.raised) {
          const { to, cc, bcc } = one.mail;
          one.isContradicted ||= [...to, ...cc, ...bcc].some((address) => recipients.includes(address));
        }
      },
      testMail: () => undefined,
      foreignMail: () => undefined,
      otherHost: new OtherHost(module, () => host.knowsOthers),
      note: () => void seen.struck++,
    };
    if (mishap.strike(scene) !== "later") seen.struck++;
    await clock.advance(this.dice.between(0, 30 * SECOND));
  }

  /** What became of one at the server is what was told of it. */
  private settle({ address, id, isRefused, isContradicted }: Raised, all: readonly Copy[]): void {
    const copies = all.filter(({ arrival }) => arrival.recipients.includes(address));
    if (isRefused) assert.equal(copies.length, 0, `${address} was refused, and came`);
    if (id === undefined || isContradicted) return;
    const unmarked = copies.filter(({ isMarked }) => !isMarked);
    assert(unmarked.length <= 1, `mail ${id} came ${unmarked.length} times, unmarked`);
    const ends = this.ends.filter((end) => end.id === id);
    const isSaidSent = ends.some(({ result }) => result.accepted.includes(address));
    const isSaidRejected = ends.some(({ result }) => result.rejected.some((one) => one.address === address));
    // An end without its record names no recipient.
    const namesNone = ends.some(({ result }) => result.accepted.length + result.rejected.length === 0);
    if (copies.length === 0) {
      assert(!isSaidSent, `mail ${id} was told as sent`);
      assert(isSaidRejected || namesNone, `mail ${id} is lost`);
    } else
      assert(
        ends.every(({ failure }) => failure?.outcome !== "notSent"),
        `mail ${id} was told as not sent`,
      );
  }

  private inspect({ arrival: { recipients, sender, raw } }: Copy): void {
    const mails = this.raised.filter(({ mail: { from, to, cc, bcc } }) => {
      const named = [...to, ...cc, ...bcc];
      return (
        (from?.address ?? SENDER) === sender && recipients.every((recipient) => named.includes(recipient))
      );
    });
    assert(mails.length > 0, `a mail of ${sender} went to ${recipients.join()}`);
    const found = mails.map(({ mail }) => injectedIn(raw, mail));
    assert(
      found.some((one) => one.length === 0),
      found.flat().join("; "),
    );
  }
}

interface Copy {
  readonly arrival: Arrival;
  /** It says that it may be a second one. */
  readonly isMarked: boolean;
}

async function copyOf(arrival: Arrival): Promise<Copy> {
  const { text = "", attachments } = await simpleParser(arrival.raw);
  const parts = [text, ...attachments.map(({ content }) => content.toString())];
  return { arrival, isMarked: parts.some((part) => part.includes("Possible duplicate")) };
}
