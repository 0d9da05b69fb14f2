/**
 * SpoolRecord: one mail as its file in the spool holds it, where that file lies, and how it is read.
 *
 * The record is JSON that a person can read: envelope and the state of each transaction. It is written with each change
 * of state, so it stays small: a long text, a large message of the flow and the attachments never change and lie in
 * files of their own, written once. No password is ever part of it.
 */
import { ERROR_TABLE } from "../../errors";
import type { Envelope, Mark } from "../../mailer/mailer";
import type {
  AttachmentPlace,
  Delivery,
  Mailbox,
  MailFields,
  Passage,
  Priority,
  UnreadableRecipient,
} from "../../mail/mail";
import { ErrorPack, unpackedError, type StoredError } from "../../stored-error";

/** Format that this version writes. */
export const RECORD_FORMAT = 1;

/** Milliseconds of the outbox's own clocks, see state.ts. */
export interface OutboxInstant {
  /** Name of the clock: times of another one cannot be compared. */
  readonly clock: string;
  /** Running time. */
  readonly time: number;
  /** Running time without holds. */
  readonly active: number;
  /** The age of the mail started over then: it was raised earlier, of which only `raisedAt` tells. Undefined: it did not. */
  readonly startedOver?: true;
}

/** One transaction: a mail may need several, each with a state of its own, so a retry never serves anyone twice. */
export type TransactionState =
  /** `due`: running time at which it may be tried. */
  | { readonly kind: "queued"; readonly due: number }
  /** Everything that can fail without doubt is being done; `due` as before. `stopped`: it is to be given up. */
  | { readonly kind: "preparing"; readonly due: number; readonly stopped?: true }
  /** The mark is durable: from here on it may have been sent. */
  | { readonly kind: "sending"; readonly mark: Mark | undefined }
  /** Its result was lost; whoever carried it may still know. Without a mark only its place on the disk tells of it. */
  | { readonly kind: "inDoubt"; readonly mark: Mark | undefined }
  /** The server has taken it. `at`: wall-clock time of the host, ISO 8601. */
  | { readonly kind: "done"; readonly at: string; readonly sendMs?: number; readonly bytes?: number }
  /** Only `retry` tries it again. */
  | { readonly kind: "failed"; readonly error: StoredError };

export interface StoredTransaction {
  readonly envelope: Envelope;
  readonly state: TransactionState;
  /** Failures since the last success or `retry`; the back-off grows with it. */
  readonly tries: number;
  /** Tries in a row that ended because the way out went away: only the first is repeated without back-off. */
  readonly interruptions?: number | undefined;
  /** Times its recipients were tried, in other transactions too. */
  readonly attempts: number;
  /** Outcomes of it that stayed unknown. */
  readonly unknown: number;
  /** No refusal was proven: it may have arrived although it counts as failed. */
  readonly open?: true;
  readonly lastError?: StoredError;
  /** How it was tried last; undefined: not yet. */
  readonly passage?: Passage;
}

export interface KeptAttachment {
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  /** Undefined: a file beside the text. */
  readonly place?: AttachmentPlace;
}

/** Lies in a file of its own, because the record would be too large. */
export interface Elsewhere {
  readonly bytes: number;
}

/** The node that sent the mail, and the rest of its message as JSON. */
export type Origin =
  | { readonly nodeId: string; readonly message: unknown }
  | ({ readonly nodeId: string } & Elsewhere);

export interface EndRequest {
  readonly error: StoredError;
  readonly keep: boolean;
}

export interface SpoolRecord {
  readonly format: typeof RECORD_FORMAT;
  readonly id: string;
  /** 32 random hex digits that tell the mail from every other one, of whatever gateway. */
  readonly unique: string;
  /** Grows with each writing: of two files of one mail the higher one holds. */
  readonly revision: number;
  /** Order of acceptance. */
  readonly seq: number;
  readonly accepted: OutboxInstant;
  /** When this revision was written. */
  readonly written: OutboxInstant;
  /** Wall-clock time of the first acceptance, milliseconds since 1970; for a reader only. */
  readonly raisedAt: number;
  readonly priority: Priority;
  /** Takes the place of mails of the same node with the same key that have not gone out. */
  readonly replaces?: string;
  readonly delivery: Delivery;
  /** Minutes; null: the modem's. */
  readonly maxAge: number | null;
  readonly origin: Origin;
  /** Null: the sender of the settings. */
  readonly from: Mailbox | null;
  /** Who is to get the answers; undefined: the sender. */
  readonly replyTo?: readonly Mailbox[];
  /** Undefined: none. */
  readonly fields?: MailFields;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  /** Entries of the lists that are no addresses; undefined: none. */
  readonly unreadable?: readonly UnreadableRecipient[];
  readonly subject: string;
  /** It was cut, and stands whole in the text; undefined: it was not. */
  readonly isSubjectInText?: boolean;
  readonly text: string | Elsewhere;
  readonly attachments: readonly KeptAttachment[];
  readonly warnings: readonly string[];
  readonly transactions: readonly StoredTransaction[];
  /** Times the mail was tried: those of the recipient who was tried most often. */
  readonly attempts: number;
  /** Asked for while it could not be interrupted: what has not gone out by then ends so. Never on the disk. */
  readonly ending?: EndRequest | undefined;
  /** Nothing more is sent; perhaps not yet told. `time`: running time. `keep`: `retry` may have it back. */
  readonly end?: { readonly time: number; readonly keep: boolean } | undefined;
}

/** What a start must know of a record; texts and messages of a long queue would fill the memory of a small gateway. */
export type RecordHead = Omit<SpoolRecord, "text" | "subject" | "fields" | "origin"> & {
  readonly origin: Pick<Origin, "nodeId">;
};

export interface RecoveredMail {
  readonly record: RecordHead;
  readonly place: Place;
  /** On the disk, attachments included. */
  readonly bytes: number;
}

export type ReadRecord =
  | { readonly kind: "record"; readonly record: SpoolRecord }
  /** Written by a later version of this package: to be left alone. */
  | { readonly kind: "newer"; readonly format: number }
  | { readonly kind: "damaged"; readonly reason: string };

/** The record as its file holds it. */
export function writeRecord(record: SpoolRecord): string {
  const pack = new ErrorPack();
  const transactions = record.transactions.map((one) => ({
    ...one,
    ...(one.state.kind === "failed" && { state: { kind: "failed", error: pack.place(one.state.error) } }),
    ...(one.lastError !== undefined && { lastError: pack.place(one.lastError) }),
  }));
  const errors = pack.errors.length === 0 ? {} : { errors: pack.errors };
  return `${JSON.stringify({ ...record, transactions, ...errors })}\n`;
}

/** Transactions with their errors in place of the numbers of these. */
function withErrors({ errors, ...value }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { transactions } = value;
  if (!Array.isArray(transactions)) return value;
  const known = Array.isArray(errors) ? errors.map((one) => unpackedError(one)) : [];
  const whole = (error: unknown): unknown => (typeof error === "number" ? known[error] : error);
  return {
    ...value,
    transactions: transactions.map((one: unknown) => {
      if (!isObject(one) || !isObject(one["state"])) return one;
      const state =
        "error" in one["state"] ? { ...one["state"], error: whole(one["state"]["error"]) } : one["state"];
      return {
        ...one,
        state,
        ...("lastError" in one && { lastError: errorOrNone(whole(one["lastError"])) }),
      };
    }),
  };
}

/** It is for a reader only: a mail does not stay behind because of it. */
function errorOrNone(value: unknown): unknown {
  return isError(value) ? value : undefined;
}

/** Reads a record of this format. */
export function readRecord(text: string, id: string): ReadRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return damaged("not a JSON text");
  }
  if (!isObject(value) || typeof value["format"] !== "number") return damaged("no format number");
  if (value["format"] > RECORD_FORMAT) return { kind: "newer", format: value["format"] };
  if (value["format"] !== RECORD_FORMAT) return damaged(`format ${value["format"]} is not known`);
  if (value["id"] !== id) return damaged("the id is not that of the file name");
  const record = withErrors(value);
  if (isRecord(record)) return { kind: "record", record };
  return damaged(`${firstWrong(record) ?? "a part"} is missing or not valid`);
}

export function headOf({
  text: _text,
  subject: _subject,
  fields: _fields,
  origin,
  ...head
}: SpoolRecord): RecordHead {
  return { ...head, origin: { nodeId: origin.nodeId } };
}

function isRecord<T extends object>(value: T): value is T & SpoolRecord {
  return firstWrong(value) === undefined;
}

function firstWrong(value: object): string | undefined {
  const parts = new Map(Object.entries(value));
  return REQUIRED.find(([name, test]) => !test(parts.get(name)))?.[0];
}

const isInstant = (value: unknown): boolean =>
  isObject(value) && isText(value["clock"]) && isNumber(value["time"]) && isNumber(value["active"]);
const isEnvelope = (value: unknown): boolean =>
  isObject(value) && areTexts(value["to"]) && areTexts(value["cc"]) && areTexts(value["bcc"]);
const isTransaction = (value: unknown): boolean =>
  isObject(value) &&
  isEnvelope(value["envelope"]) &&
  isState(value["state"]) &&
  isNumber(value["tries"]) &&
  isNumber(value["attempts"]) &&
  isNumber(value["unknown"]) &&
  (value["passage"] === undefined || isPassage(value["passage"]));
const isPassage = (value: unknown): boolean =>
  isObject(value) &&
  ["module", "socket"].includes(String(value["via"])) &&
  (value["messageId"] === undefined || isText(value["messageId"])) &&
  (value["response"] === undefined || isText(value["response"])) &&
  (value["tls"] === undefined || isTls(value["tls"]));
const isTls = (value: unknown): boolean =>
  isObject(value) && isText(value["version"]) && isText(value["cipher"]);
const isMailbox = (value: unknown): boolean =>
  isObject(value) && isText(value["name"]) && isText(value["address"]);
const areFields = (value: unknown): boolean => {
  if (!isObject(value)) return false;
  const { inReplyTo, references, headers, dsn } = value;
  return (
    (inReplyTo === undefined || isText(inReplyTo)) &&
    (references === undefined || areTexts(references)) &&
    (headers === undefined || (Array.isArray(headers) && headers.every(isField))) &&
    (dsn === undefined || (isObject(dsn) && areTexts(dsn["notify"]) && typeof dsn["isWhole"] === "boolean"))
  );
};
const isField = (value: unknown): boolean =>
  isObject(value) && isText(value["name"]) && isText(value["value"]);
const isState = (value: unknown): boolean => {
  if (!isObject(value)) return false;
  switch (value["kind"]) {
    case "queued":
    case "preparing":
      return isNumber(value["due"]);
    case "sending":
    case "inDoubt":
      return value["mark"] === undefined || isMark(value["mark"]);
    case "done":
      return isText(value["at"]);
    case "failed":
      return isError(value["error"]);
    default:
      return false;
  }
};
const isError = (value: unknown, isCause = false): boolean =>
  isObject(value) &&
  isText(value["code"]) &&
  isText(value["message"]) &&
  // Of a cause's own cause nothing is read.
  (isCause || value["cause"] === undefined || isError(value["cause"], true));
const isMark = (value: unknown): boolean => isObject(value) && isText(value["via"]) && "data" in value;
const isUnreadable = (value: unknown): boolean =>
  isObject(value) && isText(value["address"]) && Object.hasOwn(ERROR_TABLE, String(value["code"]));
const isElsewhere = (value: unknown): boolean => isObject(value) && isNumber(value["bytes"]);
const isAttachment = (value: unknown): boolean =>
  isObject(value) &&
  isText(value["filename"]) &&
  isNumber(value["size"]) &&
  isText(value["sha256"]) &&
  (value["place"] === undefined || isPlace(value["place"]));
const isPlace = (value: unknown): boolean =>
  isObject(value) &&
  ((value["kind"] === "html" && typeof value["isSource"] === "boolean") ||
    (value["kind"] === "inline" && isText(value["cid"])));
/** Whatever stands there keeps the mail from being sent, so it must be what an outbox wrote. */
const isEnd = (value: unknown): boolean =>
  isObject(value) && isNumber(value["time"]) && typeof value["keep"] === "boolean";

/** What sending relies on; a record that lacks any of it is damaged. */
const REQUIRED: readonly (readonly [keyof SpoolRecord, (value: unknown) => boolean])[] = [
  ["unique", isText],
  ["revision", isNumber],
  ["seq", isNumber],
  ["accepted", isInstant],
  ["written", isInstant],
  ["raisedAt", isNumber],
  ["priority", (value) => ["high", "normal", "low"].includes(String(value))],
  ["replaces", (value) => value === undefined || isText(value)],
  ["delivery", (value) => ["atLeastOnce", "atMostOnce"].includes(String(value))],
  ["maxAge", (value) => value === null || isNumber(value)],
  [
    "origin",
    (value) => isObject(value) && isText(value["nodeId"]) && ("message" in value || isElsewhere(value)),
  ],
  ["from", (value) => value === null || isMailbox(value)],
  ["replyTo", (value) => value === undefined || (Array.isArray(value) && value.every(isMailbox))],
  ["fields", (value) => value === undefined || areFields(value)],
  ["to", areTexts],
  ["cc", areTexts],
  ["bcc", areTexts],
  ["unreadable", (value) => value === undefined || (Array.isArray(value) && value.every(isUnreadable))],
  ["subject", isText],
  ["isSubjectInText", (value) => value === undefined || typeof value === "boolean"],
  ["text", (value) => isText(value) || isElsewhere(value)],
  ["attachments", (value) => Array.isArray(value) && value.every(isAttachment)],
  ["warnings", areTexts],
  ["transactions", (value) => Array.isArray(value) && value.length > 0 && value.every(isTransaction)],
  ["attempts", isNumber],
  ["end", (value) => value === undefined || isEnd(value)],
];

function damaged(reason: string): ReadRecord {
  return { kind: "damaged", reason };
}

/** Names of the files with what is not in the record, as `contents/<id>.<name>`. */
export function contentNames({ attachments, text, origin }: ContentParts): readonly string[] {
  return [
    ...attachments.map((_one, index) => String(index)),
    ...(typeof text === "string" ? [] : ["text"]),
    ...("bytes" in origin ? ["message"] : []),
  ];
}

/** Bytes of these files. */
export function contentBytes({ attachments, text, origin }: ContentParts): number {
  const long = [...(typeof text === "string" ? [] : [text]), ...("bytes" in origin ? [origin] : [])];
  return (
    long.reduce((sum, { bytes }) => sum + bytes, 0) + attachments.reduce((sum, { size }) => sum + size, 0)
  );
}

export type ContentParts = Pick<SpoolRecord, "attachments" | "text" | "origin">;

/** Where the record of a mail lies. */
export type Place =
  | { readonly folder: "queue" }
  | { readonly folder: "sending"; readonly transaction: number }
  /** `since`: seconds of running time. `bytes`: on the disk, attachments included. */
  | { readonly folder: "failed"; readonly since: number; readonly bytes: number };

export interface Found {
  readonly id: string;
  readonly place: Place;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

export function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

export function isNumber(value: unknown): value is number {
  return typeof value === "number";
}
