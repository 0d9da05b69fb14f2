/**
 * Link: a module on a connection of its own, for the program; with a restart that outlives the connection.
 *
 * Not a supervisor: it connects once, and again only after a restart that it has given itself.
 */
import { Channel } from "../at/channel";
import type { Command } from "../at/command";
import type { ExecuteOptions, Waiter } from "../at/channel";
import { delay, type Clock } from "../clock";
import { isModemError } from "../errors";
import type { Trace } from "../serial/trace";
import type { Transport, TransportFactory } from "../serial/transport";
import { restartModule } from "../quectel/commands/general";
import type { AskedModule, RestartSeen } from "./asker";
import { observeLineForm, restoreLineForm, type LineForm } from "./line-form";
import { untilBooted } from "./restart-modem";

/** After OK a module still answers for a moment before it restarts, ms. */
const SIGN_MS = 20_000;
const RETRY_MS = 1_000;
/** Longest time from the restart to the first answer. */
const START_MS = 120_000;

export class Link implements AskedModule {
  private form: LineForm | undefined;
  private lines: string[] = [];

  private constructor(
    private readonly makeTransport: TransportFactory,
    private readonly clock: Clock,
    private readonly trace: Trace,
    private transport: Transport,
    private channel: Channel,
  ) {}

  /** Connects. Rejects with `PORT_*`, `MODEM_SILENT` or `MODEM_OUT_OF_SYNC`. */
  static async open(makeTransport: TransportFactory, clock: Clock, trace: Trace): Promise<Link> {
    const transport = trace.watch(makeTransport());
    await transport.open();
    try {
      const form = await observeLineForm(transport, clock);
      const link = new Link(makeTransport, clock, trace, transport, channelOn(transport, clock, trace));
      link.form = form;
      await link.channel.sync();
      return link;
    } catch (error) {
      await transport.close();
      throw error;
    }
  }

  execute<T>(command: Command<T>, options?: ExecuteOptions): Promise<T> {
    return this.channel.execute(command, options);
  }

  expect(match: (line: string) => boolean): Waiter {
    return this.channel.expect(match);
  }

  /** Restarts the module; resolves when it answers again and has said the lines of its start. */
  async restart(): Promise<RestartSeen> {
    this.lines = [];
    this.listen();
    const { channel } = this;
    const sign = new AbortController();
    channel.once("reset", () => sign.abort());
    channel.once("closed", () => sign.abort());
    await channel.execute(restartModule()).catch((error: unknown) => {
      // The module may be gone before its OK.
      if (!isModemError(error, "MODEM_RESET") && !isModemError(error, "PORT_UNPLUGGED")) throw error;
    });
    await delay(this.clock, SIGN_MS, sign.signal).catch(() => undefined);
    const port = channel.state === "closed" ? "vanishes" : "stays";
    await this.untilAnswered();
    await untilBooted(this.lines, this.clock);
    return { lines: this.lines, port };
  }

  /** Puts the form of the line back and closes. */
  async close(): Promise<void> {
    if (this.form !== undefined && this.channel.state !== "closed") {
      await restoreLineForm(this.transport, this.form, this.clock).catch(() => undefined);
    }
    await this.channel.close();
  }

  private listen(): void {
    this.channel.on("unsolicited", (line) => this.lines.push(line.trim()));
  }

  private async untilAnswered(): Promise<void> {
    const end = this.clock.now() + START_MS;
    for (;;) {
      try {
        if (this.channel.state === "closed") await this.reopen();
        await this.channel.sync();
        return;
      } catch (error) {
        if (this.clock.now() > end) throw error;
        await delay(this.clock, RETRY_MS);
      }
    }
  }

  private async reopen(): Promise<void> {
    const transport = this.trace.watch(this.makeTransport());
    await transport.open();
    this.transport = transport;
    this.channel = channelOn(transport, this.clock, this.trace);
    this.listen();
  }
}

function channelOn(transport: Transport, clock: Clock, trace: Trace): Channel {
  return new Channel(transport, { clock, hide: (secrets) => trace.hide(secrets) });
}
