/**
 * Result codes of V.250 section 5.7.1 and 3GPP TS 27.007 section 9: the tables, and reading one.
 *
 * A line is a result code only as a whole. `OKAY`, `OK google` and a file name that ends with OK are none.
 */

/** How the module writes result codes: words (V1) or digits (V0). */
export type ResultFormat = "words" | "digits";

export type ResultCode =
  | { readonly kind: "ok" }
  | { readonly kind: "error" }
  /** One that the command in flight declares for itself, such as `SEND OK`. */
  | { readonly kind: "declared"; readonly text: string }
  /** `+CME ERROR` or `+CMS ERROR`; the number is undefined when it is given in words that are not known. */
  | { readonly kind: "extended"; readonly family: "CME" | "CMS"; readonly number: number | undefined }
  /** Intermediate here: the command goes on after its data. With a number it announces so many raw bytes. */
  | { readonly kind: "connect"; readonly length: number | undefined };

const DIGITS: Readonly<Record<string, ResultCode>> = {
  "0": { kind: "ok" },
  "1": { kind: "connect", length: undefined },
  "4": { kind: "error" },
};

const EXTENDED = /^\+(CM[ES]) ERROR:(.*)$/;
const CONNECT = /^CONNECT(?: (\d{1,9}))?$/;

/**
 * Reads a line as a result code of a command in flight; undefined when it is none.
 *
 * `NO CARRIER`, `BUSY`, `NO ANSWER` and `NO DIALTONE` end dialling, which this package never does; they come when a
 * call of somebody else ends, and must not end a command.
 */
export function readResultCode(line: string, format: ResultFormat): ResultCode | undefined {
  const text = line.trim();
  const extended = EXTENDED.exec(text);
  if (extended !== null) return readExtended(extended[1] ?? "", (extended[2] ?? "").trimStart());
  if (format === "digits") return DIGITS[text];
  if (text === "OK") return { kind: "ok" };
  if (text === "ERROR") return { kind: "error" };
  const connect = CONNECT.exec(text);
  if (connect === null) return undefined;
  return { kind: "connect", length: connect[1] === undefined ? undefined : Number(connect[1]) };
}

function readExtended(family: string, error: string): ResultCode {
  const number = /^\d{1,5}$/.test(error) ? Number(error) : CME_WORDS.get(error.toLowerCase());
  return family === "CME"
    ? { kind: "extended", family: "CME", number }
    : { kind: "extended", family: "CMS", number: /^\d/.test(error) ? number : undefined };
}

/** Words of `+CME ERROR` with CMEE=2 and their numbers: 3GPP TS 27.007 section 9.2. */
const CME_WORDS: ReadonlyMap<string, number> = new Map([
  ["phone failure", 0],
  ["no connection to phone", 1],
  ["phone-adaptor link reserved", 2],
  ["operation not allowed", 3],
  ["operation not supported", 4],
  ["ph-sim pin required", 5],
  ["ph-fsim pin required", 6],
  ["ph-fsim puk required", 7],
  ["sim not inserted", 10],
  ["sim pin required", 11],
  ["sim puk required", 12],
  ["sim failure", 13],
  ["sim busy", 14],
  ["sim wrong", 15],
  ["incorrect password", 16],
  ["sim pin2 required", 17],
  ["sim puk2 required", 18],
  ["memory full", 20],
  ["invalid index", 21],
  ["not found", 22],
  ["memory failure", 23],
  ["text string too long", 24],
  ["invalid characters in text string", 25],
  ["dial string too long", 26],
  ["invalid characters in dial string", 27],
  ["no network service", 30],
  ["network timeout", 31],
  ["network not allowed - emergency calls only", 32],
  ["network personalization pin required", 40],
  ["network personalization puk required", 41],
  ["network subset personalization pin required", 42],
  ["network subset personalization puk required", 43],
  ["service provider personalization pin required", 44],
  ["service provider personalization puk required", 45],
  ["corporate personalization pin required", 46],
  ["corporate personalization puk required", 47],
  ["unknown", 100],
]);
