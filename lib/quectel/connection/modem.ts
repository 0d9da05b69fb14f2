/**
 * Modem: the module as the rest of the package uses it. It is there or not, has a state, and takes commands.
 *
 * It opens with its first user and closes with its last. How it comes to life and stays alive is the business of
 * `supervisor.ts`; what a mail is, it does not know.
 */
import { EventEmitter } from "node:events";
import type { Command } from "../../at/command";
import type { Channel, ExecuteOptions, Waiter } from "../../at/channel";
import type { LineProperties } from "../../at/wire";
import { within } from "../../async";
import type { Clock } from "../../clock";
import { isModemError, ModemError } from "../../errors";
import { nameUrcPort } from "./init-steps";
import { restartModule } from "../commands/general";
import type { LineEvents, ModemOptions } from "./connection";
import { withModuleCode } from "../error-codes";
import { ifRefused, isRefusal } from "../execute";
import { MailLock, type TakenOver, type TakeOver } from "./mail-lock";
import { Supervisor } from "./supervisor";
import { forgetfulPinMemory, type PinMemory } from "../registration/pin-memory";
import { sameState, type ModemState, type ModuleIdentity, stateWhere } from "./modem-state";
import type { Logger } from "../settings";

export type { ModemOptions } from "./connection";
export type { ModemState, ModuleIdentity } from "./modem-state";

export interface ModemEvents extends LineEvents {
  state: [state: ModemState];
  /** First contact, or the module is known to have restarted: all its volatile settings are void. */
  started: [];
  /** Something a person should know although work goes on, such as `PORT_SHARED`; once per connection. */
  warning: [error: ModemError];
}

/** Longest time that `close` takes, in milliseconds. */
const CLOSE_TIME_MS = 4500;

export class Modem extends EventEmitter<ModemEvents> {
  /** Held by whoever works on the module's one mail. */
  readonly lock: MailLock;
  readonly clock: Clock;
  readonly log: Logger;
  /** As the event `state` tells it. */
  state: ModemState = { name: "offline" };
  /** Number of the module's starts that this object has seen; what was set in an earlier one is void. */
  epoch = 0;
  /** Who answered last; undefined before the first contact. */
  identity: ModuleIdentity | undefined;
  /** What the line of the present connection, or the last one, can carry, for the time limits of data. */
  line: LineProperties = { bitRate: undefined, flowControlled: true };
  /** What a person should know of the port although it works, such as `PORT_SHARED`; the last of this connection. */
  portRemark: ModemError | undefined;
  private users = 0;
  private supervisor: Supervisor | undefined;
  private readonly pinMemory: PinMemory;

  constructor(readonly options: ModemOptions) {
    super();
    this.clock = options.clock;
    this.log = options.log;
    this.lock = new MailLock(this, (what) => this.takeOver(what));
    this.pinMemory = options.pinMemory ?? forgetfulPinMemory();
    // The module repeats the password of the context to whoever asks, also before it was first written.
    options.hide?.([options.network.apnPassword]);
    // One listener per node that shows the state; their number is the person's choice.
    this.setMaxListeners(0);
  }

  /** Milliseconds until the next attempt to connect; undefined while one is under way, or a connection is there. */
  get nextTryInMs(): number | undefined {
    return this.supervisor?.nextTryInMs;
  }

  /** Tries to connect now, where the next attempt is still to come. */
  tryNow(): void {
    this.supervisor?.tryNow();
  }

  /** True where the recovery ladder may restart the module: allowed, and no other data link depends on it. */
  get restartAllowed(): boolean {
    const { allowReset, shared } = this.options.network;
    return allowReset && !shared;
  }

  /** Registers a user; the first one opens the connection. */
  acquire(): void {
    this.users++;
    if (this.supervisor !== undefined) return;
    const supervisor = new Supervisor(
      this.options,
      this.pinMemory,
      {
        enter: (state) => {
          if (this.supervisor === supervisor) this.enter(state);
        },
        connecting: (line) => {
          this.line = line;
        },
        recordClaim: (identity) => this.lock.recordClaim(identity?.imei),
        claimed: (identity) => this.lock.claimed(identity?.imei),
        claimIdentified: (identity) => this.lock.identified(identity.imei),
        started: (identity) => {
          this.identity = identity;
          this.epoch++;
          this.tell("started");
        },
        identified: (identity) => {
          this.identity = identity;
        },
        tell: this.tell,
        warning: (error) => {
          this.portRemark = error;
          this.tell("warning", error);
        },
      },
      this.restartAllowed,
    );
    this.supervisor = supervisor;
    supervisor.start();
  }

  /** Takes a user back; the last one closes the connection. */
  async release(): Promise<void> {
    this.users = Math.max(0, this.users - 1);
    if (this.users === 0) await this.close();
  }

  /** Closes whoever uses it; resolves within 5 s from every state. */
  async close(): Promise<void> {
    this.users = 0;
    const { supervisor } = this;
    if (supervisor === undefined) return;
    this.supervisor = undefined;
    await within(this.clock, CLOSE_TIME_MS, supervisor.stop(), () => undefined);
    if (this.supervisor === undefined) this.enter({ name: "offline" });
  }

  /**
   * Runs one command. Rejects with `MODEM_NOT_READY` while the module is not there, else as `Channel.execute`,
   * the module's numbers turned into their own codes.
   */
  async execute<T>(command: Command<T>, options: ExecuteOptions = {}): Promise<T> {
    const channel = this.channel();
    try {
      return await channel.execute(command, options);
    } catch (error) {
      throw withModuleCode(error);
    }
  }

  /**
   * Waits for an unsolicited line; to be called before the command that leads to it is executed.
   *
   * @throws ModemError `MODEM_NOT_READY` while the module is not there.
   */
  expect(match: (line: string) => boolean): Waiter {
    return this.channel().expect(match);
  }

  /** Why no mail can go out now; undefined in state `ready`. */
  notReady(): ModemError | undefined {
    const { state } = this;
    switch (state.name) {
      case "ready":
        return undefined;
      case "offline":
      case "registering":
      case "needsPowerCycle":
        return state.error ?? new ModemError("MODEM_NOT_READY", { detail: state.name });
      case "connecting":
        return new ModemError("MODEM_NOT_READY", { detail: state.name });
    }
  }

  /** Resolves in state `ready`; rejects with the signal's reason when aborted before. */
  whenReady(signal?: AbortSignal): Promise<void> {
    return stateWhere(this, () => this.state.name === "ready", signal);
  }

  /**
   * Restarts the module by CFUN=1,1 and resolves when it is ready again. The mail lock is the caller's business.
   *
   * Rejects as `orderRestart`, with `PORT_CLOSED` when the modem is closed meanwhile, or with the signal's reason.
   */
  async restart(signal?: AbortSignal): Promise<void> {
    const before = this.epoch;
    await this.orderRestart(signal);
    const isBack = (): boolean => {
      if (this.supervisor === undefined) throw new ModemError("PORT_CLOSED");
      return this.epoch > before && this.state.name === "ready";
    };
    await stateWhere(this, isBack, signal);
  }

  /** Resolves when the module has been told to restart. Rejects with `INVALID_ACTION` where that is not allowed. */
  async orderRestart(signal?: AbortSignal): Promise<void> {
    if (!this.restartAllowed) {
      throw new ModemError("INVALID_ACTION", { detail: "the settings do not allow restarting the module" });
    }
    try {
      await this.execute(restartModule(), signal === undefined ? {} : { signal });
    } catch (error) {
      // The module may be gone before its OK.
      if (!isModemError(error, "MODEM_RESET") && !isModemError(error, "PORT_UNPLUGGED")) throw error;
    }
    this.supervisor?.expectRestart();
  }

  /** Another port of the module may have been at work: what was set by this one counts no more where it was. */
  private async takeOver({ isVoid, mayClaim }: TakeOver): Promise<TakenOver> {
    const ours = await this.options.urcPort?.().catch(() => undefined);
    const claim = (): Promise<TakenOver> => nameUrcPort((command) => this.execute(command), ours, mayClaim);
    // One refusal is not believed: a byte may have been damaged on the line.
    const found = await ifRefused(claim(), claim).catch((error: unknown): TakenOver => {
      this.log.debug(`results may go to another port of the module: ${String(error)}`);
      return isRefusal(error) ? "refused" : "failed";
    });
    if (isVoid || found !== "ours") {
      this.epoch++;
      this.tell("started");
    }
    return found;
  }

  /** Tells a person what is to be known although work goes on. */
  warn(error: ModemError): void {
    this.tell("warning", error);
  }

  private channel(): Channel {
    const channel = this.supervisor?.connection?.usable;
    if (channel !== undefined) return channel;
    throw new ModemError("MODEM_NOT_READY", { detail: this.state.name, cause: this.notReady() });
  }

  private enter(state: ModemState): void {
    const before = this.state;
    if (state.name === "offline") this.portRemark = undefined;
    this.state = state;
    if (!sameState(before, state)) this.tell("state", state);
  }

  /** As `emit`, but a listener that throws stops neither the other listeners, nor the connection, nor the process. */
  private readonly tell = <E extends keyof ModemEvents>(event: E, ...news: ModemEvents[E]): void => {
    for (const listener of this.rawListeners(event)) {
      try {
        Reflect.apply(listener, this, news);
      } catch (error) {
        this.log.error(`a listener of the modem's event ${event} failed: ${String(error)}`);
      }
    }
  };
}
