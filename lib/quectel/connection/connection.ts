/**
 * Connection: one connection to the module, from the opened port to its loss.
 *
 *   sync ─> initialise ─> look at SIM card, registration, application ─> probe, probe, …
 *     ▲         ▲                                                           │
 *     │         └─────────── the module has restarted ──────────────────────┤
 *     └───────────────────── out of sync ───────────────────────────────────┘
 *
 * It ends when the port is lost or the module does not answer; connecting again is the supervisor's business.
 */
import { Channel } from "../../at/channel";
import { headerOf } from "../../at/command";
import type { Priority } from "../../at/channel";
import { delay, type Clock } from "../../clock";
import { ModemError } from "../../errors";
import type { Transport } from "../../serial/transport";
import type { UrcPort } from "../commands/general";
import { readDeactivation } from "../commands/pdp";
import { withModuleCode } from "../error-codes";
import {
  identify,
  initialise,
  INIT_STEPS,
  isIdentified,
  namesUrcPort,
  type InitContext,
  type InitStep,
} from "./init-steps";
import type { Execute } from "../execute";
import type { Line } from "./line-source";
import type { ModemState, ModuleIdentity } from "./modem-state";
import type { PinMemory } from "../registration/pin-memory";
import type { Logger, NetworkSettings } from "../settings";
import { Readiness } from "../registration/readiness";

/** What the module says unasked. */
export interface LineEvents {
  /** A line that no command asked for. */
  unsolicited: [line: string];
  /** The network has ended the PDP context of this number. */
  deactivated: [contextId: number];
}

/** Receives what happens on a connection. */
export interface ConnectionListener {
  /**
   * To be called before unsolicited lines are sent to our port: false while another port may wait for a result of this
   * module. @param identity undefined: it is not known yet which module it is
   */
  recordClaim(identity: ModuleIdentity | undefined): boolean;
  /** To be called after they were, or may have been. */
  claimed(identity: ModuleIdentity | undefined): void;
  /** To be called when it has turned out which module it is whose lines were claimed. */
  claimIdentified(identity: ModuleIdentity): void;
  /** The module has been found in command state. */
  answered(): void;
  enter(state: ModemState): void;
  /** The module is initialised; what was set before is void. */
  started(identity: ModuleIdentity): void;
  /** Who the module is, told only some time after its start. */
  identified(identity: ModuleIdentity): void;
  tell<E extends keyof LineEvents>(event: E, ...news: LineEvents[E]): void;
  warning(error: ModemError): void;
}

/** What ends the ordinary course of events. */
type Interruption = "reset" | "restartOrdered" | "outOfSync" | "closed";

/**
 * Milliseconds between two looks at a module that is not ready (at first, and later), at one that is and
 * carries no traffic, and at one under traffic: answers to other commands show that it lives, but neither its SIM card
 * nor its network.
 */
const FIRST_POLL_MS = 1_000;
const FIRST_LOOKS = 20;
const POLL_MS = 2_000;
const PROBE_MS = 30_000;
const PROBE_UNDER_TRAFFIC_MS = 120_000;
/**
 * Milliseconds between news of the SIM card and the question after it. News come in groups; and where a stray line was
 * taken for the answer to AT+CPIN?, the true one looks like news: asked at once, question and answer would never again
 * belong together.
 */
const SETTLING_MS = 500;
/** Headers of unsolicited lines that say the card came, went or changed its state. */
const SIM_NEWS: ReadonlySet<string> = new Set(["+CPIN", "+QUSIM", "+QSIMSTAT"]);
/** Milliseconds that a module told to restart may take to show it; after that it is taken as restarted. */
const RESTART_TIME_MS = 15_000;

/** So often what was refused at the start is asked again. */
const MOST_TRIES = 3;

interface Refused {
  readonly context: InitContext;
  readonly steps: readonly InitStep[];
  readonly identity: ModuleIdentity;
  readonly triesLeft: number;
}

export class Connection {
  /** Takes commands from everybody while the module is initialised and in step; undefined otherwise. */
  usable: Channel | undefined;
  private readonly channel: Channel;
  /** Aborted, with an Interruption as reason, when the ordinary course of events ends. */
  private course = new AbortController();
  /** Wakes the watch before its time; also when it is just looking, for it may have seen what was before. */
  private alarm = new AbortController();
  /** Knows the module's present run; undefined until the module is initialised. */
  private readiness: Readiness | undefined;
  /** What the module refused at its start; undefined when it has taken and told all. */
  private refused: Refused | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly options: ModemOptions,
    private readonly pinMemory: PinMemory,
    private readonly listener: ConnectionListener,
  ) {
    const { clock, hide } = options;
    this.channel = new Channel(transport, { clock, ...(hide && { hide }) });
    const shared = new SharedPortWatch(clock);
    this.channel.on("unsolicited", (line) => {
      listener.tell("unsolicited", line);
      const header = headerOf(line);
      const ended = header === "+QIURC" ? readDeactivation(line) : undefined;
      if (ended !== undefined) listener.tell("deactivated", ended);
      if (header !== undefined && SIM_NEWS.has(header)) this.alarm.abort();
    });
    this.channel.on("multiplexed", () => listener.warning(new ModemError("PORT_MULTIPLEXED")));
    this.channel.on("foreign", (line) => {
      const error = shared.heard(line);
      if (error !== undefined) listener.warning(error);
    });
    this.channel.on("reset", () => {
      this.readiness = undefined;
      this.interrupt("reset");
    });
    this.channel.on("outOfSync", () => this.interrupt("outOfSync"));
    this.channel.on("closed", () => this.interrupt("closed"));
  }

  /** To be called when the module was told to restart: nothing of its settings counts any more. */
  expectRestart(): void {
    this.readiness = undefined;
    this.interrupt("restartOrdered");
  }

  /** Serves until the connection is lost; rejects with why. */
  async serve(): Promise<never> {
    for (;;) {
      await this.channel.sync();
      this.listener.answered();
      this.course = new AbortController();
      const { signal } = this.course;
      await this.follow(signal).catch((error: unknown) => {
        // What an interruption makes fail is no fault of its own.
        if (!signal.aborted) throw error;
      });
      if (signal.reason === "restartOrdered") await this.restartSign();
    }
  }

  /** The ordinary course of events; rejects when interrupted. */
  private async follow(signal: AbortSignal): Promise<never> {
    const execute = this.executor("normal", signal);
    if (this.readiness === undefined) {
      const { transport } = this;
      const ours = await this.ownPort();
      const context: InitContext = {
        hardwareFlowControl: transport.flowControlled && transport.bitRate !== undefined,
        urcPort: ours,
      };
      const steps = await initialise(
        execute,
        context,
        INIT_STEPS.filter((step) => !namesUrcPort(step)),
      );
      const claim = async (known?: ModuleIdentity): Promise<void> => {
        steps.push(...(await initialise(execute, context, INIT_STEPS.filter(namesUrcPort))));
        this.listener.claimed(known);
      };
      const isAlone = this.listener.recordClaim(undefined);
      if (isAlone) await claim();
      const identity = await identify(execute);
      // Another port waits for a result, which must not be turned away from it, unless it is that of another module.
      if (isAlone) this.listener.claimIdentified(identity);
      else if (this.listener.recordClaim(identity)) await claim(identity);
      signal.throwIfAborted();
      this.readiness = new Readiness(this.options, this.pinMemory);
      this.refused = { context, steps, identity, triesLeft: MOST_TRIES };
      this.usable = this.channel;
      this.listener.started(identity);
    } else {
      this.usable = this.channel;
    }
    return this.watch(this.readiness, signal);
  }

  private async watch(readiness: Readiness, signal: AbortSignal): Promise<never> {
    const execute = this.executor("low", signal);
    for (let looks = 0; ;) {
      this.alarm = new AbortController();
      const obstacle = await readiness.obstacle(execute);
      signal.throwIfAborted();
      if (obstacle === undefined) {
        looks = 0;
        await this.askAgain(execute, signal);
        this.listener.enter({ name: "ready" });
        await this.quiet(signal);
      } else {
        this.listener.enter({ name: "registering", waitingFor: obstacle.step, error: obstacle.error });
        await this.nap(++looks <= FIRST_LOOKS ? FIRST_POLL_MS : POLL_MS, signal);
      }
    }
  }

  /** One refusal at the start is not believed for the rest of it: what was refused is asked again, now and at two more looks. */
  private async askAgain(execute: Execute, signal: AbortSignal): Promise<void> {
    const { refused } = this;
    if (refused === undefined) return;
    const { context, steps, triesLeft } = refused;
    const wasIdentified = isIdentified(refused.identity);
    if ((steps.length === 0 && wasIdentified) || triesLeft === 0) {
      this.refused = undefined;
      return;
    }
    // Another port may wait for a result by now.
    const isClaim = steps.some(namesUrcPort) && this.listener.recordClaim(refused.identity);
    const still = await initialise(
      execute,
      context,
      isClaim ? steps : steps.filter((step) => !namesUrcPort(step)),
    );
    if (isClaim) this.listener.claimed(refused.identity);
    const identity = wasIdentified ? refused.identity : await identify(execute);
    signal.throwIfAborted();
    if (!wasIdentified && isIdentified(identity)) this.listener.identified(identity);
    this.refused = { context, steps: still, identity, triesLeft: triesLeft - 1 };
  }

  /** Resolves when the next look is due, or something has happened to the SIM card. */
  private async quiet(signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    const latest = clock.now() + PROBE_UNDER_TRAFFIC_MS;
    let due = clock.now() + PROBE_MS;
    while (due > clock.now()) {
      if ((await this.nap(due - clock.now(), signal)) === "woken") return;
      due = Math.min(this.channel.lastUse + PROBE_MS, latest);
    }
  }

  private async nap(ms: number, signal: AbortSignal): Promise<"rested" | "woken"> {
    const { clock } = this.options;
    try {
      await delay(clock, ms, signal, this.alarm.signal);
      return "rested";
    } catch {
      signal.throwIfAborted();
      await delay(clock, SETTLING_MS, signal);
      return "woken";
    }
  }

  /** Resolves when the module shows that it restarts, or after the time it has for that. */
  private async restartSign(): Promise<void> {
    const { channel } = this;
    const sign = new AbortController();
    const seen = (): void => sign.abort();
    channel.on("reset", seen);
    channel.on("closed", seen);
    await delay(this.options.clock, RESTART_TIME_MS, sign.signal).catch(() => undefined);
    channel.off("reset", seen);
    channel.off("closed", seen);
  }

  /** What the module calls our port; that it cannot be found out is no obstacle. */
  private async ownPort(): Promise<UrcPort | undefined> {
    return this.options.urcPort?.().catch(() => undefined);
  }

  private interrupt(interruption: Interruption): void {
    if (this.course.signal.aborted) return;
    this.usable = undefined;
    this.course.abort(interruption);
    if (interruption !== "closed") this.listener.enter({ name: "connecting" });
  }

  private executor(priority: Priority, signal: AbortSignal): Execute {
    return async (command) => {
      try {
        return await this.channel.execute(command, { priority, signal });
      } catch (error) {
        throw withModuleCode(error);
      }
    };
  }
}

/** What a modem is made of. */
export interface ModemOptions {
  /** Makes the transport of each connection; a rate that is not known is found out. */
  readonly transport: Line;
  readonly clock: Clock;
  readonly network: NetworkSettings;
  readonly log: Logger;
  /** 0 (included) to 1 (excluded), for the jitter of the back-off; default Math.random. */
  readonly random?: () => number;
  /** Remembers a refused SIM PIN over restarts of the host; left out: only while the process runs. */
  readonly pinMemory?: PinMemory;
  /** Finds the module's name of the port that the transport leads to; undefined where it is not known. */
  readonly urcPort?: () => Promise<UrcPort | undefined>;
  /** Told the secrets of each command before it is written, so that a trace can mask them. */
  readonly hide?: (secrets: readonly string[]) => void;
}

/*
 * SharedPortWatch: recognises a second program on our port by answers that nothing here has asked for.
 *
 * ModemManager and its like take no lock; their commands and ours mix on the line. A single stray answer may be a late
 * one, so several in a short time are wanted.
 */

/** Stray answers within so many milliseconds that show a second program. */
const STRAY_ANSWERS = 3;
const STRAY_WINDOW_MS = 60_000;

export class SharedPortWatch {
  private times: number[] = [];
  private told = false;

  constructor(private readonly clock: Clock) {}

  /** Takes a foreign line; returns the error once, when there have been too many. */
  heard(line: string): ModemError | undefined {
    const now = this.clock.now();
    this.times = [...this.times.filter((time) => now - time < STRAY_WINDOW_MS), now];
    if (this.told || this.times.length < STRAY_ANSWERS) return undefined;
    this.told = true;
    return new ModemError("PORT_SHARED", { detail: `unsolicited response ${line}` });
  }
}
