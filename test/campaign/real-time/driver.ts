/**
 * Minutes in the life of a real Node-RED whose module stands on a pseudo terminal: mails wait all the time, and one fault
 * after the other strikes. After each single one it is measured how long the next mail takes from the moment on at which
 * everything outside the product is well again.
 */
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { NodeRedVersion } from "../../support/node-red-versions";
import { seededRandom } from "../../support/random";
import { Gateway, type DeployType } from "../../system/deploy/gateway";
import { Alarms } from "./alarms";
import { accountOf, mayBeInterrupted, type Account, type Interruption } from "./account";
import { realTimeFlow, type Mailer } from "./flow";
import { Outside } from "./outside";
import { LateTimers, starvedMs } from "./starvation";

export const FAULTS = [
  "the cable is out",
  "the module has no power",
  "a kill",
  "a stop",
  "a deploy",
] as const;
export type Fault = (typeof FAULTS)[number];

/**
 * A kill that left the module in the middle of an upload, on a line whose DTR ends no data state: it takes whatever is written
 * until two tries have shown so and `+++` has had its silences of a second before and behind it.
 */
export const MID_UPLOAD = "a kill in an upload, DTR without effect";

export interface Recovery {
  readonly fault: Fault | typeof MID_UPLOAD;
  readonly mailer: Mailer;
  /** From the moment on at which all is well again to the next mail at the server. */
  readonly ms: number;
  /** Of these, the ones in which the machine had no processor for those that work on it. */
  readonly starvedMs: number;
}

export interface Result {
  readonly account: Account;
  readonly recoveries: readonly Recovery[];
  readonly faults: number;
  /** Times that no mail came for long although nothing was wrong any more. */
  readonly stalls: number;
  /** Times that a person had to resume the outbox. */
  readonly resumed: number;
  readonly longestDeployMs: number;
}

export interface Plan {
  readonly version: NodeRedVersion;
  readonly folder: string;
  readonly minutes: number;
  readonly seed: number;
  /** Takes what happens. */
  readonly note: (text: string) => void;
  /** Called with the faults so far. */
  readonly progress: (faults: number) => void;
}

const SECOND = 1_000;
/** Milliseconds for which a server is moody, until a fault strikes after a delivery, and for which it lasts, at most. */
const MOODY = 6 * SECOND;
const BEFORE = 5 * SECOND;
const LASTS = 6 * SECOND;
/** Every fourth round has two faults at once, and a server that stays moody; nothing is measured. */
const DOUBLE_EVERY = 4;
/** Milliseconds without a mail after which a person resumes the outbox, and after which it counts as a stall. */
const HELD = 20 * SECOND;
const STALLED = 90 * SECOND;
/** Milliseconds without an arrival after which no more is waited for at the end. */
const DRAINED = 120 * SECOND;
const LOOK = 20;

export async function runRealTime(plan: Plan): Promise<Result> {
  const outside = await Outside.start(join(plan.folder, "ttyUSB2"), plan.seed, plan.note);
  const run = new Run(plan, outside);
  try {
    return await run.toTheEnd();
  } finally {
    await run.end();
    await outside.end();
  }
}

class Run {
  private readonly random: () => number;
  private readonly file: string;
  private readonly alarms: Alarms;
  private readonly late = new LateTimers();
  private readonly interruptions: Interruption[] = [];
  private readonly recoveries: Recovery[] = [];
  private gateway: Gateway | undefined;
  /** Node-RED neither answers nor runs. */
  private isAway = false;
  private mailer: Mailer;
  private edition = 0;
  private faults = 0;
  private stalls = 0;
  private resumed = 0;
  private longestDeployMs = 0;

  constructor(
    private readonly plan: Plan,
    private readonly outside: Outside,
  ) {
    this.random = seededRandom(plan.seed);
    this.file = join(plan.folder, "ends.jsonl");
    this.mailer = this.random() < 0.5 ? "module" : "socket";
    this.alarms = new Alarms({
      file: this.file,
      random: this.random,
      press: (id, message) => this.press(id, message),
      copies: () => this.outside.copies,
      isAway: () => this.isAway,
      isInterrupted: ({ at }) => mayBeInterrupted(at, this.interruptions),
    });
  }

  async toTheEnd(): Promise<Result> {
    const { version, folder, minutes, progress, note } = this.plan;
    this.gateway = await Gateway.start({
      version,
      userDir: join(folder, "user"),
      flows: this.flows(),
      settings: { logging: { console: { level: "debug" } } },
      onLine: (line) => note(`Node-RED: ${line}`),
    });
    const end = Date.now() + minutes * 60 * SECOND;
    this.alarms.begin();
    try {
      for (let round = 0; Date.now() < end; round++) {
        note(`--- round ${round}, by ${this.mailer}`);
        await this.round(round);
        progress(this.faults);
      }
    } finally {
      await this.alarms.end();
    }
    await this.drain();
    return {
      account: accountOf(this.alarms.lines, this.outside.copies, this.interruptions),
      recoveries: this.recoveries,
      faults: this.faults,
      stalls: this.stalls,
      resumed: this.resumed,
      longestDeployMs: this.longestDeployMs,
    };
  }

  async end(): Promise<void> {
    this.late.stop();
    if (this.gateway === undefined) return;
    // A process that stands still does not even end.
    process.kill(this.gateway.pid, "SIGCONT");
    await this.gateway.kill();
  }

  private async round(round: number): Promise<void> {
    const fault = this.pickFault(round);
    const isDouble = round % DOUBLE_EVERY === DOUBLE_EVERY - 1;
    this.outside.tell({ kind: "server", isMoody: true });
    await wait(this.random() * MOODY);
    if (isDouble) {
      const other = FAULTS[Math.floor(this.random() * FAULTS.length)] ?? fault;
      // Of Node-RED's own faults one at a time: who was killed cannot be stopped.
      const both = isOutside(fault) === isOutside(other) ? [fault] : [fault, other];
      await Promise.all(both.map((one) => this.strike(one)));
      this.outside.tell({ kind: "server", isMoody: false });
      await this.nextArrival(Date.now());
      return;
    }
    this.outside.tell({ kind: "server", isMoody: false });
    await this.nextArrival(Date.now());
    await wait(this.random() * BEFORE);
    await this.alarms.raise(0);
    await wait(this.random() * 300);
    await this.strike(fault);
    const repairedAt = Date.now();
    void this.alarms.raise(0);
    await this.measure(fault, repairedAt);
  }

  /** All in turn, the order by chance. */
  private pickFault(round: number): Fault {
    const random = seededRandom(this.plan.seed + Math.floor(round / FAULTS.length));
    const shuffled = FAULTS.map((fault) => ({ fault, at: random() })).sort((a, b) => a.at - b.at);
    return shuffled[round % FAULTS.length]?.fault ?? FAULTS[0];
  }

  private async measure(struck: Fault, repairedAt: number): Promise<void> {
    const { outside, gateway } = this;
    const fault = struck === "a kill" && outside.isUploadOpen ? MID_UPLOAD : struck;
    let readyAt = outside.readyAt(repairedAt);
    for (; readyAt === undefined; readyAt = outside.readyAt(repairedAt)) await wait(LOOK);
    const before = this.starved(gateway);
    this.plan.note(`all is well again after ${fault}`);
    const arrivedAt = await this.nextArrival(readyAt);
    const ms = arrivedAt - readyAt;
    const starved = this.starved(gateway).map((total, index) => total - (before[index] ?? 0));
    // They may have waited at the same time.
    const starvedFor = Math.max(...starved);
    this.recoveries.push({ fault, mailer: this.mailer, ms, starvedMs: starvedFor });
    this.plan.note(`${ms} ms after ${fault}, by ${this.mailer}; starved for ${Math.round(starvedFor)} ms`);
  }

  /** Milliseconds for which each had no processor so far: Node-RED, what is outside, and all processes of the machine at once. */
  private starved(gateway: Gateway | undefined): readonly number[] {
    const all = this.late.total - starvedMs(process.pid);
    return [starvedMs(gateway?.pid ?? 0), starvedMs(this.outside.pid), all];
  }

  /** Resolves with the time of the first mail that arrives from then on; Infinity: a stall. */
  private async nextArrival(since: number): Promise<number> {
    let isResumed = false;
    for (;;) {
      const copy = this.outside.copies.find(({ at }) => at >= since);
      if (copy !== undefined) return copy.at;
      const waited = Date.now() - since;
      if (waited > HELD && !isResumed) {
        isResumed = true;
        this.resumed++;
        this.plan.note("a person resumes the outbox");
        await this.press("command", { action: "resume" });
      }
      if (waited > STALLED) {
        this.stalls++;
        this.plan.note("STALL");
        return Infinity;
      }
      await wait(LOOK);
    }
  }

  private async strike(fault: Fault): Promise<void> {
    this.plan.note(`FAULT: ${fault}`);
    this.faults++;
    const ms = 100 + this.random() * LASTS;
    switch (fault) {
      case "the cable is out":
        this.outside.tell({ kind: "module", action: "unplug" });
        await wait(ms);
        this.outside.tell({ kind: "module", action: "plug" });
        return;
      case "the module has no power":
        this.outside.tell({ kind: "module", action: "powerOff" });
        await wait(ms);
        this.outside.tell({ kind: "module", action: "powerOn" });
        return;
      case "a kill":
        return this.interrupt(true, async (gateway) => {
          await gateway.kill();
          this.gateway = await gateway.restart();
        });
      case "a stop":
        return this.stop(ms);
      case "a deploy":
        return this.interrupt(false, (gateway) => this.deploy(gateway));
    }
  }

  private async interrupt(isKill: boolean, work: (gateway: Gateway) => Promise<void>): Promise<void> {
    if (this.gateway === undefined) return;
    const from = Date.now();
    this.isAway = isKill;
    await work(this.gateway);
    this.isAway = false;
    this.interruptions.push({ from, to: Date.now(), isKill });
  }

  private async stop(ms: number): Promise<void> {
    const pid = this.gateway?.pid ?? 0;
    this.isAway = true;
    process.kill(pid, "SIGSTOP");
    await wait(ms);
    process.kill(pid, "SIGCONT");
    this.isAway = false;
  }

  /** Two of three change who speaks SMTP, the others only a node that sends. */
  private async deploy(gateway: Gateway): Promise<void> {
    const types: readonly DeployType[] = ["full", "flows", "nodes"];
    const type = types[Math.floor(this.random() * types.length)] ?? "full";
    this.edition++;
    if (this.random() < 2 / 3) this.mailer = this.mailer === "module" ? "socket" : "module";
    const ms = await gateway.deploy(this.flows(), type);
    this.longestDeployMs = Math.max(this.longestDeployMs, ms);
    this.plan.note(`deployed ${type}, by ${this.mailer}, in ${Math.round(ms)} ms`);
  }

  private flows(): ReturnType<typeof realTimeFlow> {
    const { mailer, file, edition } = this;
    const serialPort = join(this.plan.folder, "ttyUSB2");
    return realTimeFlow({ serialPort, smtpPort: this.outside.smtpPort, mailer, file, edition });
  }

  /** What is pressed while Node-RED ends is lost, and the flow has not written that it was raised. */
  private async press(id: string, message: Readonly<Record<string, unknown>>): Promise<void> {
    await this.gateway?.inject(id, message).catch(() => this.plan.note(`not pressed: ${id}`));
  }

  /** Until the ends of all are told. */
  private async drain(): Promise<void> {
    this.plan.note("--- the end");
    const began = Date.now();
    const isStuck = (): boolean =>
      Date.now() - Math.max(began, this.outside.copies.at(-1)?.at ?? 0) > DRAINED;
    const isOver = (): boolean => {
      const { lost, unreported } = accountOf(this.alarms.lines, this.outside.copies, this.interruptions);
      return lost + unreported === 0;
    };
    do {
      await this.press("command", { action: "resume" });
      await this.press("command", { action: "flush" });
      await wait(2 * SECOND);
      await this.alarms.read();
    } while (!isOver() && !isStuck());
    // What comes twice comes later.
    await wait(5 * SECOND);
    await this.alarms.read();
  }
}

function isOutside(fault: Fault): boolean {
  return fault === "the cable is out" || fault === "the module has no power";
}
