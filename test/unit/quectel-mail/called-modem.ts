/** A module that is scripted down to single calls: what each command line gives, and which were called. */
import { EventEmitter } from "node:events";
import type { Command } from "../../../lib/at/command";
import { Channel, type ExecuteOptions, type Waiter } from "../../../lib/at/channel";
import { ModemError, type ErrorCode } from "../../../lib/errors";
import type { Modem } from "../../../lib/quectel/connection/modem";
import { KeptLog } from "../../support/module-replies";
import { ScriptedTransport } from "../../support/scripted-transport";
import { VirtualClock } from "../../support/virtual-clock";

/** Information text of an answer, or the error of the call; a function is asked when the call comes. */
export type Outcome = readonly string[] | ModemError | (() => readonly string[] | ModemError);

type Part = "execute" | "epoch" | "identity" | "line" | "clock" | "log" | "on" | "off";

export class CalledModem implements Pick<Modem, Part> {
  readonly clock = new VirtualClock();
  readonly log = new KeptLog();
  readonly called: string[] = [];
  /** Outcomes by the beginning of the command line, in turn; the last one stays. Without any, all is well. */
  readonly outcomes = new Map<string, Outcome[]>();
  /** Commands wait for their turn, and a restart of the module ends their waiting. */
  isQueueing = false;
  epoch = 1;
  identity: Modem["identity"] = { manufacturer: "Quectel", model: "EC25", firmware: "A06" };
  line = { bitRate: undefined as number | undefined, flowControlled: true };
  readonly events = new EventEmitter();
  readonly on = this.events.on.bind(this.events) as Modem["on"];
  readonly off = this.events.off.bind(this.events) as Modem["off"];

  when(line: string, ...outcomes: Outcome[]): this {
    this.outcomes.set(line, outcomes);
    return this;
  }

  /** An unsolicited line comes. */
  say(line: string): void {
    this.events.emit("unsolicited", line);
  }

  async execute<T>(command: Command<T>, { onStart }: ExecuteOptions = {}): Promise<T> {
    if (this.isQueueing) throw new ModemError("MODEM_RESET");
    this.called.push(command.line);
    onStart?.();
    const key = [...this.outcomes.keys()].find((line) => command.line.startsWith(line));
    const turns = key === undefined ? [] : (this.outcomes.get(key) ?? []);
    const turn = turns.length > 1 ? turns.shift() : turns[0];
    const outcome = typeof turn === "function" ? turn() : turn;
    if (outcome instanceof ModemError) throw outcome;
    return command.parse({ lines: outcome ?? [] });
  }
}

/** A called modem with the waiters of a channel, which get the lines that it says. */
export class HeardModem extends CalledModem implements Pick<Modem, "expect"> {
  private readonly port = new ScriptedTransport();
  private readonly channel = new Channel(this.port, { clock: this.clock });

  constructor() {
    super();
    this.events.on("unsolicited", (line: string) => this.port.send(`${line}\r\n`));
  }

  expect(match: (line: string) => boolean): Waiter {
    return this.channel.expect(match);
  }

  /** The module has restarted: what was waited for no longer comes. */
  restarts(): void {
    this.port.send("RDY\r\n");
  }
}

export const failing = (code: ErrorCode, modemCode?: number): ModemError =>
  new ModemError(code, modemCode === undefined ? {} : { modemCode });

/** A signal that nobody aborts. */
export const never = new AbortController().signal;
