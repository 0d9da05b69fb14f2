/** Spoiled files in the spool: whatever they hold, the outbox opens or says why not, and touches nothing outside. */
import { addRecipient, setSubject } from "../../../lib/quectel/commands/smtp";
import { FaultyFiles } from "../../support/faulty-files";
import { FakeMailer, type Tried } from "../../support/fake-mailer";
import { Bench, DIRECTORY, mail } from "../../unit/outbox/bench";
import { anyJson, anyText } from "./values";
import type { Dice } from "../fault/dice";
import type { Findings } from "./findings";

/** A spool with mails in all places. */
export async function soundSpool(): Promise<ReadonlyMap<string, string>> {
  const bench = await Bench.open({ available: false });
  for (const [subject, priority] of [
    ["one", "high"],
    ["two", "normal"],
    ["three", "low"],
  ] as const) {
    const attachments = [
      { filename: "a.txt", content: { kind: "bytes", bytes: Buffer.from("content") } },
    ] as const;
    // One is short enough for its record, the others have text and message beside it.
    const text = `${subject} at pump 7\r\n`.repeat(subject === "one" ? 1 : 500);
    await bench.accept(mail(subject, { priority, attachments, text }), {}, { payload: text });
  }
  await bench.clock.until(bench.outbox.close());
  const files = bench.files;
  if (!(files instanceof FaultyFiles)) throw new Error("the bench has other files");
  return new Map(files.paths().map((path) => [path, files.text(path)]));
}

/** Opens an outbox on a spoiled copy and lets it send. */
export async function trySpool(
  sound: ReadonlyMap<string, string>,
  dice: Dice,
  found: Findings,
  where: string,
): Promise<void> {
  const files = new FaultyFiles();
  for (const [path, text] of sound) files.put(path, dice.hit(0.5) ? spoiled(text, dice) : text);
  for (let count = dice.between(0, 2); count > 0; count--) {
    const folder = dice.pick(["queue", "sending", "failed", "contents", "lock", "tmp", "damaged"]);
    files.put(
      `${DIRECTORY}/${folder}/${anyText(dice).replaceAll(/[/\0]/g, "_").slice(0, 200) || "x"}.json`,
      JSON.stringify(anyJson(dice)),
    );
  }
  files.fault = ({ path, name }) => {
    if (name !== "tick" && !isAbove(path, name) && path !== DIRECTORY && !path.startsWith(`${DIRECTORY}/`))
      found.add("pathsOutside", where, `${name} ${path}`);
    return undefined;
  };
  const mailer = new FakeMailer();
  mailer.fate = (transaction) => {
    checkLines(transaction, found, where);
    return { kind: "sent" };
  };
  const bench = new Bench({ files, mailer });
  try {
    await bench.clock.until(bench.outbox.open());
  } catch (error) {
    found.expectError(error, /^OUTBOX_/, where);
    return;
  }
  await bench.clock
    .run(() => bench.outbox.summary().depth === 0, 100 * 3600_000)
    .catch((error: unknown) => found.add("stuck", where, String(error)));
  await bench.clock
    .until(bench.outbox.list({ state: "failed" }))
    .catch((error: unknown) => found.expectError(error, /^OUTBOX_/, where));
  await bench.clock
    .until(bench.outbox.retry())
    .catch((error: unknown) => found.expectError(error, /^OUTBOX_/, where));
  await bench.clock.until(bench.outbox.close());
}

/** The names of the spool's folder itself are made durable in the folder above it. */
function isAbove(path: string, name: string): boolean {
  return name === "syncFolder" && DIRECTORY.startsWith(`${path}/`);
}

function checkLines({ to, cc, bcc, codedSubject }: Tried, found: Findings, where: string): void {
  const spell = (make: () => { readonly line: string }): void => {
    let line: string;
    try {
      ({ line } = make());
    } catch (error) {
      found.expectError(error, /^INVALID_/, where);
      return;
    }
    found.checkLines([line], where);
  };
  for (const address of [...to, ...cc, ...bcc]) spell(() => addRecipient("to", address));
  spell(() => setSubject("ascii", codedSubject));
}

function spoiled(text: string, dice: Dice): string {
  const at = dice.between(0, text.length);
  const chance = dice.random();
  if (chance < 0.15) return text.slice(0, at);
  if (chance < 0.3) return text.slice(0, at) + anyText(dice) + text.slice(at + dice.between(0, 3));
  if (chance < 0.35) return anyText(dice);
  try {
    return JSON.stringify(withChange(JSON.parse(text) as unknown, dice));
  } catch {
    return text.slice(at);
  }
}

/** The value with one part of it, somewhere inside, replaced. */
function withChange(value: unknown, dice: Dice): unknown {
  if (typeof value !== "object" || value === null || dice.hit(0.15)) return anyJson(dice);
  const names = Object.keys(value);
  if (names.length === 0) return anyJson(dice);
  const name = dice.pick(names);
  const changed = dice.hit(0.1) ? undefined : withChange(Reflect.get(value, name), dice);
  if (Array.isArray(value))
    return value.map((one: unknown, index) => (String(index) === name ? changed : one));
  return { ...value, [name]: changed };
}
