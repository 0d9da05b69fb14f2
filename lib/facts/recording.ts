/**
 * Recording: the bytes of one question after the other, taken from a trace.
 *
 * What is private is masked by the trace itself. Between questions nothing is taken, so what was read and put back
 * around them is not part of it. The trace belongs to the caller; its limit is to be large enough for one question.
 */
import { MASK, maskSecrets, type Trace, type TraceEntry } from "../serial/trace";

/** A run of bytes of one side, one character per byte. */
export interface Turn {
  readonly from: "host" | "module";
  readonly text: string;
}

export class Recording {
  private begun = 0;
  private readonly hidden = new Set<string>();

  /** @param trace watches the connection; without one nothing is known of single bytes. */
  constructor(private readonly trace: Trace | undefined) {}

  /** From here on the bytes belong to a question. */
  begin(): void {
    if (this.trace === undefined) return;
    this.trace.enabled = true;
    this.begun = this.trace.entries.length;
  }

  /** Nothing more is recorded. */
  end(): void {
    if (this.trace !== undefined) this.trace.enabled = false;
  }

  /** The bytes since `begin`; undefined without trace. */
  turns(): readonly Turn[] | undefined {
    return this.trace?.entries.slice(this.begun).map(turnOf);
  }

  /** What the module has sent since `begin`; undefined without trace. */
  received(): string | undefined {
    return this.turns()
      ?.filter(({ from }) => from === "module")
      .map(({ text }) => text)
      .join("");
  }

  /** These are shown nowhere from now on, nor in what was recorded. */
  hide(values: readonly string[]): void {
    for (const value of values) if (value !== "") this.hidden.add(value);
    this.trace?.hide(values);
  }

  /** `text` as it may be shown. */
  shown(text: string): string {
    return maskSecrets(text, this.hidden).replaceAll(MASK, PLAIN_MASK);
  }
}

/** The mask in ASCII, since a transcript holds bytes. */
const PLAIN_MASK = "***";

function turnOf({ direction, text }: TraceEntry): Turn {
  return { from: direction === "out" ? "host" : "module", text: text.replaceAll(MASK, PLAIN_MASK) };
}
