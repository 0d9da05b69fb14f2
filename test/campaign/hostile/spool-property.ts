/**
 * Property of a spool: whatever stands in its files, and whatever files stand in it, no mail is lost because of another
 * one's file, nothing is sent twice, each end is told once, nothing outside is touched, and nothing escapes.
 *
 * A mail whose own files were spoiled may be lost to its damage, but is sent no more often than others.
 */
import assert from "node:assert/strict";
import { posix } from "node:path";
import fc from "fast-check";
import { isModemError, ModemError } from "../../../lib/errors";
import { FakeMailer, type Fate } from "../../support/fake-mailer";
import { FaultyFiles } from "../../support/faulty-files";
import { ownOfAll } from "../../support/own-of-all";
import { anyJson, COMMON_NAMES } from "./any-json";
import { Bench, DIRECTORY, failure, mail } from "../../unit/outbox/bench";

/** Names that every object has, and others that mean something to a spool. */
const NAMES = [...COMMON_NAMES, "format", "id", "time"];
const HOUR = 3600_000;
const nothing = (): void => undefined;
const SILENT = { error: nothing, warn: nothing, info: nothing, debug: nothing };
const MAILS = ["one", "two", "deferred", "failed", "sending"] as const;

interface SoundSpool {
  readonly files: ReadonlyMap<string, string>;
  /** Subject of each mail by its id. */
  readonly subjects: ReadonlyMap<string, string>;
}

/** A spool as a kill leaves it: three mails wait, one of them for its second try; one has failed, one was being sent. */
export async function spoolToSpoil(): Promise<SoundSpool> {
  const bench = await Bench.open({ available: false });
  const subjects = new Map<string, string>();
  const accept = async (subject: (typeof MAILS)[number]): Promise<void> => {
    const attachments = [
      { filename: "a.txt", content: { kind: "bytes", bytes: Buffer.from(subject) } },
    ] as const;
    // One is short enough for its record, the others have text and message beside it.
    const text = `${subject} at pump 7\r\n`.repeat(subject === "one" ? 1 : 500);
    subjects.set(await bench.accept(mail(subject, { attachments, text }), {}, { payload: text }), subject);
  };
  const fates: Readonly<Record<string, Fate>> = {
    failed: failure("LIMIT_BODY"),
    deferred: failure("SMTP_MAILBOX_BUSY", { smtpCode: 450 }),
    sending: { kind: "hangs", delivered: true },
  };
  bench.mailer.fate = ({ subject }) => fates[subject] ?? { kind: "sent" };
  await accept("failed");
  bench.mailer.setAvailable(true);
  await bench.ends(1);
  await accept("deferred");
  await bench.clock.run(() => bench.mailer.tried.some(({ subject }) => subject === "deferred"));
  await bench.clock.advance(1_000);
  await accept("sending");
  await bench.clock.run(() => bench.mailer.delivered.length === 1);
  bench.mailer.setAvailable(false);
  for (const subject of ["one", "two"] as const) await accept(subject);
  const { files } = bench;
  if (!(files instanceof FaultyFiles)) throw new Error("the bench has other files");
  const kept = new Map(files.paths().map((path) => [path, files.text(path)]));
  files.cut();
  bench.host.end();
  return { files: kept, subjects };
}

const word = fc.oneof(
  fc.constantFrom(...NAMES, "1e999", "-1", "../../x", "\0", '"', "{}"),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const key = fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 12 }));
const leaf = fc.oneof(
  word,
  fc.constantFrom(null, true, 0, -1, 1e308, 2 ** 53, Number.MAX_VALUE),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const json = anyJson(leaf, key, 4);

/** What becomes of the text of a file. */
type Change =
  | { readonly kind: "cut" | "zeros"; readonly at: number }
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "insert"; readonly at: number; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "part"; readonly way: readonly number[]; readonly value: unknown }
  | { readonly kind: "gone" };

const share = fc.double({ min: 0, max: 1, noNaN: true });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constantFrom("cut" as const, "zeros" as const), at: share }),
  fc.record({ kind: fc.constant("flip" as const), at: share, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("insert" as const), at: share, text: word }),
  fc.record({ kind: fc.constant("text" as const), text: fc.oneof(word, json.map(textOf)) }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("part" as const),
      way: fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }),
      value: json,
    }),
  },
  fc.constant({ kind: "gone" as const }),
);

/** A file that this package has not written, or has written elsewhere. */
interface Foreign {
  readonly folder: string;
  readonly name: { readonly of: number } | { readonly text: string };
  readonly content: { readonly copyOf: number } | { readonly text: string };
}

const foreign: fc.Arbitrary<Foreign> = fc.record({
  folder: fc.constantFrom("queue", "sending", "failed", "contents", "lock", "tmp", "damaged", "."),
  name: fc.oneof(
    fc.record({ of: fc.nat(20) }),
    fc.record({
      text: fc.oneof(
        fc.constantFrom(
          "1.json",
          "99999999999999999999.json",
          "9007199254740991.json",
          "claim-x",
          "x.1.json",
          "x.1.1.json",
          "x.99999999999999999999999.1.json",
          "__proto__.json",
          "constructor.0.json",
          "x.json~",
          ".x.swp",
          "Thumbs.db",
        ),
        fc.string({ minLength: 1, maxLength: 20 }).map((name) => `${name.replaceAll(/[/\0]/g, "_")}.json`),
      ),
    }),
  ),
  content: fc.oneof(fc.record({ copyOf: fc.nat(20) }), fc.record({ text: fc.oneof(word, json.map(textOf)) })),
});

/** As JSON, also of a property named `__proto__`. */
function textOf(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

function changed(text: string, one: Change): string | undefined {
  const bytes = Buffer.from(text);
  switch (one.kind) {
    case "gone":
      return undefined;
    case "text":
      return one.text;
    case "cut":
      return text.slice(0, Math.floor(one.at * text.length));
    case "zeros":
      // As a power cut leaves the end of a file whose length alone was written.
      return bytes.fill(0, Math.floor(one.at * bytes.length)).toString("latin1");
    case "insert": {
      const at = Math.floor(one.at * text.length);
      return text.slice(0, at) + one.text + text.slice(at);
    }
    case "flip": {
      const at = Math.min(bytes.length - 1, Math.floor(one.at * bytes.length));
      if (at >= 0) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << one.bit), at);
      return bytes.toString("latin1");
    }
    case "part":
      try {
        return textOf(withPart(JSON.parse(text) as unknown, one.way, one.value));
      } catch {
        return textOf(one.value);
      }
  }
}

/** The value with one part of it, somewhere inside, replaced. */
function withPart(value: unknown, [first, ...rest]: readonly number[], by: unknown): unknown {
  if (typeof value !== "object" || value === null || first === undefined) return by;
  const entries = Object.entries(value);
  if (entries.length === 0) return by;
  const at = first % entries.length;
  const parts = entries.map(([name, part], index) => [name, index === at ? withPart(part, rest, by) : part]);
  return Array.isArray(value) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}

export function spoolProperty(sound: SoundSpool): fc.IAsyncPropertyWithHooks<[Spoil]> {
  return fc.asyncProperty(spoil, (one) => survives(sound, one));
}

interface Spoil {
  readonly changes: readonly { readonly file: number; readonly change: Change }[];
  readonly foreign: readonly Foreign[];
}

const spoil: fc.Arbitrary<Spoil> = fc.record({
  changes: fc.array(fc.record({ file: fc.nat(20), change }), { maxLength: 3 }),
  foreign: fc.array(foreign, { maxLength: 3 }),
});

async function survives({ files: kept, subjects }: SoundSpool, { changes, foreign }: Spoil): Promise<void> {
  const before = ownOfAll();
  const files = new FaultyFiles();
  const paths = [...kept.keys()];
  const texts = new Map(kept);
  const touched = new Set<string>();
  const pathAt = (index: number): string => paths[index % paths.length] ?? "";
  const touch = (path: string): void => void touched.add(posix.relative(DIRECTORY, path));
  for (const { file, change } of changes) {
    const path = pathAt(file);
    const text = changed(texts.get(path) ?? "", change);
    if (text === undefined) texts.delete(path);
    else texts.set(path, text);
    touch(path);
  }
  for (const { folder, name, content } of foreign) {
    const base = "of" in name ? posix.basename(pathAt(name.of)) : name.text;
    const path = posix.join(DIRECTORY, folder, base);
    texts.set(path, "copyOf" in content ? (kept.get(pathAt(content.copyOf)) ?? "") : content.text);
    touch(path);
  }
  for (const [path, text] of texts) files.put(path, text);
  files.fault = ({ name, path }) => {
    const isInside = path === DIRECTORY || path.startsWith(`${DIRECTORY}/`);
    const isAbove = name === "syncFolder" && DIRECTORY.startsWith(`${path}/`);
    assert(name === "tick" || isInside || isAbove, `${name} ${path}`);
    return undefined;
  };

  const sound = [...subjects.keys()].filter((id) => ![...touched].some((path) => isOf(id, path)));
  const errors: string[] = [];
  const log = { ...SILENT, error: (text: string): void => void errors.push(text) };
  const first = await opened(new Bench({ files, mailer: new FakeMailer(), log }), touched);
  await settled(
    first,
    sound.filter((id) => subjects.get(id) !== "failed"),
  );
  // It rejects when not one could be put back; those that could are not held up by the others.
  await first.clock.until(first.outbox.retry()).catch((error: unknown) => {
    assert(error instanceof ModemError && error.code.startsWith("OUTBOX_"), String(error));
  });
  await settled(first, sound);
  const second = await first.restart({ mailer: first.mailer });
  await second.clock.advance(HOUR / 4);
  await second.clock.until(second.outbox.close());
  second.host.end();

  const ended = [...first.ended, ...second.ended].map(({ id }) => id);
  for (const id of sound) {
    const subject = subjects.get(id);
    assert.equal(second.delivered.filter((one) => one === subject).length, 1, `deliveries of ${subject}`);
    assert.equal(ended.filter((one) => one === id).length, 1, `ends of ${subject}`);
  }
  assert.deepEqual(
    errors.filter((text) => text.includes("encountered an error")),
    [],
  );
  assert.equal(ownOfAll(), before);
}

/** True for a file that belongs to the mail. */
function isOf(id: string, path: string): boolean {
  return posix.basename(path).startsWith(`${id}.`);
}

/** The lock of somebody who runs may have been made up: a person deletes it. */
async function opened(bench: Bench, touched: ReadonlySet<string>): Promise<Bench> {
  try {
    await bench.clock.until(bench.outbox.open());
    return bench;
  } catch (error) {
    const isLocked = isModemError(error, "OUTBOX_LOCKED");
    assert(isLocked && [...touched].some((path) => path.startsWith("lock/")), String(error));
  }
  const { files } = bench;
  if (!(files instanceof FaultyFiles)) throw new Error("the bench has other files");
  const locks = files.paths().filter((path) => path.startsWith(`${DIRECTORY}/lock/`));
  for (const path of locks) await bench.clock.until(files.remove(path));
  return Bench.open({ ...bench.options, files, mailer: bench.mailer });
}

/** Lets all go well until these mails have ended. */
async function settled({ outbox, clock, mailer, ended }: Bench, ids: readonly string[]): Promise<void> {
  mailer.setAvailable(true);
  await clock.until(outbox.resume());
  await clock.until(outbox.releaseFrom("pdp"));
  await clock.run(() => ids.every((id) => ended.some((one) => one.id === id)), 3 * HOUR);
}
