/**
 * Line form: whether a module echoes and answers in words (V.250 section 6.2.4 and 6.2.6), seen before the AT engine
 * sets both, so that they can be put back.
 */
import { delay, type Clock } from "../clock";
import type { Transport } from "../serial/transport";

/** Undefined where the module said nothing. */
export interface LineForm {
  readonly echo: "on" | "off";
  readonly results: "words" | "digits";
}

const TRIES = 2;
const PATIENCE_MS = 1_000;
/** For the answer to the last line, which is not read. */
const LAST_ANSWER_MS = 300;

/** Sends AT and looks at what comes, byte by byte. */
export async function observeLineForm(transport: Transport, clock: Clock): Promise<LineForm | undefined> {
  let received = "";
  const listen = (bytes: Buffer): void => {
    received += bytes.toString("latin1");
  };
  transport.on("data", listen);
  try {
    for (let tried = 0; tried < TRIES; tried++) {
      received = "";
      await transport.write(Buffer.from("AT\r"));
      await delay(clock, PATIENCE_MS);
      const results = resultsIn(received);
      if (results !== undefined) return { echo: received.includes("AT\r") ? "on" : "off", results };
    }
    return undefined;
  } finally {
    transport.off("data", listen);
  }
}

/** Writes what makes the module answer as it did before; its answer in digits would be nothing the engine reads. */
export async function restoreLineForm(transport: Transport, form: LineForm, clock: Clock): Promise<void> {
  const echo = form.echo === "on" ? "E1" : "";
  const results = form.results === "digits" ? "V0" : "";
  if (echo + results === "") return;
  await transport.write(Buffer.from(`AT${echo}${results}\r`));
  await delay(clock, LAST_ANSWER_MS);
}

function resultsIn(text: string): LineForm["results"] | undefined {
  if (/\r\nOK\r\n/.test(text)) return "words";
  return /(?:^|\r|\n)0\r/.test(text) ? "digits" : undefined;
}
