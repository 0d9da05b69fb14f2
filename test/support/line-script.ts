/**
 * Stands on the line between the host and a simulated module, and plays single answers in the module's place: the rest of
 * the dialogue is the module's own. For what no module does on its own, and for what one does once in a thousand days.
 */
import type { Transport } from "../../lib/serial/transport";
import { socketRig, type SocketRig, type SocketRigOptions } from "./socket-rig";

/** What the module is made to answer; undefined: nothing at all. */
type ScriptedAnswer = string | undefined;

interface Rule {
  readonly pattern: RegExp;
  readonly answer: ScriptedAnswer;
  readonly isLasting: boolean;
}

interface Change {
  readonly before: string;
  readonly after: string;
}

export class LineScript {
  /** Command lines of the host since `clear`, without those of the supervisor, whoever answers them. */
  readonly lines: string[] = [];
  private rules: Rule[] = [];
  private changes: Change[] = [];
  private say: (text: string) => void = () => undefined;

  /** For `SocketRigOptions.watch`. */
  readonly watch = (transport: Transport): void => {
    const emit = transport.emit.bind(transport);
    const write = transport.write.bind(transport);
    this.say = (text) => void emit("data", Buffer.from(text, "latin1"));
    transport.emit = ((event: string, bytes: Buffer) =>
      Reflect.apply(emit, transport, [event, event === "data" ? this.changed(bytes) : bytes])) as typeof emit;
    transport.write = (bytes) => {
      const line = /^(AT\+Q[^\r]*)\r$/.exec(Buffer.from(bytes).toString("latin1"))?.[1];
      if (line === undefined) return write(bytes);
      this.lines.push(line);
      const rule = this.rules.find(({ pattern }) => pattern.test(line));
      if (rule === undefined) return write(bytes);
      if (!rule.isLasting) this.rules = this.rules.filter((other) => other !== rule);
      const { answer } = rule;
      if (answer !== undefined) queueMicrotask(() => this.say(answer));
      return Promise.resolve();
    };
  };

  /** The next command lines that match are answered so, one each, and do not reach the module. */
  answer(pattern: RegExp, ...answers: readonly ScriptedAnswer[]): void {
    this.rules.push(...answers.map((answer) => ({ pattern, answer, isLasting: false })));
  }

  /** All command lines that match and that `answer` does not provide for are answered so. */
  always(pattern: RegExp, answer: ScriptedAnswer): void {
    this.rules.push({ pattern, answer, isLasting: true });
  }

  /** The module answers for itself again. */
  end(): void {
    this.rules = [];
  }

  /** The first bytes of the module that hold `before` hold `after` instead. */
  change(before: string, after: string): void {
    this.changes.push({ before, after });
  }

  /** The module says this unasked. */
  tell(...lines: readonly string[]): void {
    this.say(lines.map((line) => `\r\n${line}\r\n`).join(""));
  }

  /** How many command lines since `clear` match. */
  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  clear(): void {
    this.lines.length = 0;
  }

  private changed(bytes: Buffer): Buffer {
    const text = bytes.toString("latin1");
    const change = this.changes.find(({ before }) => text.includes(before));
    if (change === undefined) return bytes;
    this.changes = this.changes.filter((other) => other !== change);
    return Buffer.from(
      text.replace(change.before, () => change.after),
      "latin1",
    );
  }
}

/** A rig that is ready, with a script on its line. */
export async function scriptedRig(
  options: Omit<SocketRigOptions, "watch"> = {},
): Promise<{ readonly rig: SocketRig; readonly line: LineScript }> {
  const line = new LineScript();
  const rig = socketRig({ ...options, watch: line.watch });
  await rig.ready();
  line.clear();
  return { rig, line };
}
