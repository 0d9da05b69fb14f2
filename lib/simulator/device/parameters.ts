/**
 * Parameters of an extended command: what stands behind `=`, cut at the commas outside quotes.
 *
 * Written from V.250 5.4.2 and the module's manual; shares nothing with the client. No value is judged here: a
 * handler decides which numbers and lengths it takes.
 */

/** One parameter. `raw` is its text as it came, without surrounding blanks. */
export type Parameter =
  /** `"text"`: `text` without the quotes, one character per byte (latin1). */
  | { readonly kind: "string"; readonly text: string; readonly raw: string }
  /** Decimal digits with an optional sign. */
  | { readonly kind: "number"; readonly value: number; readonly raw: string }
  /** `0x` or `0X` and hex digits. */
  | { readonly kind: "hex"; readonly value: number; readonly raw: string }
  /** Any other text without quotes. */
  | { readonly kind: "bare"; readonly text: string; readonly raw: string }
  /** Nothing between two commas. */
  | { readonly kind: "empty"; readonly raw: "" };

/**
 * Cuts the text behind `=` into parameters; an empty text gives none.
 *
 * @returns undefined when a quote is not closed or text stands behind a closing quote: the line is faulty.
 */
export function parseParameters(text: string): readonly Parameter[] | undefined {
  if (text.trim() === "") return [];
  const parameters: Parameter[] = [];
  for (const piece of cutAtCommas(text)) {
    const parameter = parseOne(piece.trim());
    if (parameter === undefined) return undefined;
    parameters.push(parameter);
  }
  return parameters;
}

/** A range as test replies print it: two neighbours are a list. */
export const printedRange = (min: number, max: number): string =>
  max === min + 1 ? `(${min},${max})` : `(${min}-${max})`;

/** The integer, or undefined when the parameter is missing, no number, or outside `min`..`max`. */
export function integerIn(parameter: Parameter | undefined, min: number, max: number): number | undefined {
  if (parameter?.kind !== "number") return undefined;
  return parameter.value >= min && parameter.value <= max ? parameter.value : undefined;
}

/** The text of a quoted parameter, or undefined when it is missing or not quoted. */
export function quotedText(parameter: Parameter | undefined): string | undefined {
  return parameter?.kind === "string" ? parameter.text : undefined;
}

/** The text of a quoted or bare parameter, digits included: for values that firmware takes either way. */
export function anyText(parameter: Parameter | undefined): string | undefined {
  if (parameter === undefined || parameter.kind === "empty") return undefined;
  return parameter.kind === "string" ? parameter.text : parameter.raw;
}

function cutAtCommas(text: string): readonly string[] {
  const pieces: string[] = [];
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (character === "," && !quoted) {
      pieces.push(text.slice(start, at));
      start = at + 1;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}

function parseOne(raw: string): Parameter | undefined {
  if (raw === "") return { kind: "empty", raw: "" };
  if (raw.includes('"')) {
    const quoted = /^"([^"]*)"$/.exec(raw);
    return quoted === null ? undefined : { kind: "string", text: quoted[1] ?? "", raw };
  }
  if (/^[+-]?\d+$/.test(raw)) return { kind: "number", value: Number(raw), raw };
  if (/^0x[0-9a-f]+$/i.test(raw)) return { kind: "hex", value: Number.parseInt(raw.slice(2), 16), raw };
  return { kind: "bare", text: raw, raw };
}
