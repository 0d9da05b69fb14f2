/** A channel on a scripted transport with a virtual clock, and the commands that tests give it. */
import { Channel, type ChannelEvents } from "../../lib/at/channel";
import { nothing, type Command } from "../../lib/at/command";
import { isModemError, type ErrorCode } from "../../lib/errors";
import { ScriptedTransport, type Reply } from "./scripted-transport";
import { VirtualClock } from "./virtual-clock";

export interface Bench {
  readonly clock: VirtualClock;
  readonly modem: ScriptedTransport;
  readonly channel: Channel;
  /** What the channel emitted, as `name argument`. */
  readonly events: string[];
}

export function openBench(replies: Record<string, Reply> = {}): Bench {
  const clock = new VirtualClock();
  const modem = new ScriptedTransport(replies);
  const channel = new Channel(modem, { clock });
  const events: string[] = [];
  const names = ["unsolicited", "reset", "outOfSync", "synced", "closed", "foreign"] as const;
  for (const name of names satisfies readonly (keyof ChannelEvents)[]) {
    channel.on(name, (argument?: string | Error) => {
      const text = isModemError(argument) ? argument.code : String(argument ?? "");
      events.push(`${name} ${text}`.trim());
    });
  }
  return { clock, modem, channel, events };
}

/** A bench whose channel has found command state; its events and written lines start empty. */
export async function openSyncedBench(replies: Record<string, Reply> = {}): Promise<Bench> {
  const bench = openBench(replies);
  await bench.clock.until(bench.channel.sync());
  bench.events.length = 0;
  bench.modem.written.length = 0;
  return bench;
}

/** A command that gives back its information text. */
export function asking(
  line: string,
  header?: string,
  more: Partial<Command<unknown>> = {},
): Command<readonly string[]> {
  return {
    line,
    headers: header === undefined ? [] : [header],
    timeoutMs: 300,
    ...more,
    parse: (response) => response.lines,
  };
}

/** A command that answers with its result code alone. */
export function telling(line: string, more: Partial<Command<unknown>> = {}): Command<void> {
  return { line, headers: [], timeoutMs: 300, ...more, parse: nothing };
}

/** For assert.rejects: a ModemError of this code. */
export function withCode(code: ErrorCode): (error: unknown) => boolean {
  return (error) => isModemError(error, code);
}
