/** Large messages, hostile ones included: how long the event loop stands still until each is in the outbox. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { hostFiles } from "../../../lib/outbox/spool/files";
import { readMessage } from "../../../lib/mail/message/message";
import { snapshotOf } from "../../../lib/mail/message/snapshot";
import { releaseContents, releaseText } from "../../../nodes/runtime/smtp-send/contents";
import { FakeMailer } from "../../support/fake-mailer";
import { inRounds, type Row } from "../row";
import { diskOutbox, withFolder } from "../support/disk-outbox";
import { TurnWatch } from "../support/turns";
import type { Figure } from "../figure";

const MB = 1_000_000;
const POLICY = { allowFrom: false, attachmentPaths: [] };

/** A message of about `size` bytes of each kind. */
const KINDS: readonly (readonly [what: string, make: (size: number) => Record<string, unknown>])[] = [
  ["text", (size) => ({ payload: "Füllstand 94 % in Tank 7, zu hoch\n".repeat(size / 35) })],
  ["control characters", (size) => ({ payload: "\u0001\n".repeat(size / 2) })],
  [
    "objects",
    (size) => ({ payload: Array.from({ length: size / 30 }, (_one, at) => ({ at, level: "94 %" })) }),
  ],
  [
    "members",
    (size) => ({
      payload: Object.fromEntries(Array.from({ length: size / 16 }, (_one, at) => [`tag${at}`, 7])),
    }),
  ],
  ["bytes in an object", (size) => ({ payload: { picture: Buffer.alloc(size, 7) } })],
  ["text in an object", (size) => ({ payload: { log: "Füllstand\n".repeat(size / 10) } })],
  ["numbers", (size) => ({ payload: Array.from({ length: size / 4 }, (_one, at) => at % 1000) })],
  [
    "HTML",
    (size) => ({ payload: `<html>${"<p>Füllstand <b>94</b> &amp; mehr</p>\n".repeat(size / 40)}</html>` }),
  ],
  ["open tags", (size) => ({ payload: `<html>${"<".repeat(size)}` })],
  ["tags without an end", (size) => ({ payload: `<b>x</b>${"<a/b=".repeat(size / 5)} zz zz>` })],
  ["attributes", (size) => ({ payload: `<b>x</b><p ${'a="" '.repeat(size / 5)}>` })],
  ["one attribute", (size) => ({ payload: `<b>x</b><img alt="${"a ".repeat(size / 2)}">` })],
  ["character references", (size) => ({ payload: `<html>${"&lt;".repeat(size / 4)}` })],
  ["preformatted lines", (size) => ({ payload: `<html><pre>${"a \n".repeat(size / 3)}` })],
  ["end tags", (size) => ({ payload: `<html><map><script>${"</b>".repeat(size / 4)}` })],
  ["base64", (size) => ({ attachments: [base64("gate.jpg", Buffer.alloc(size / 2, 7).toString("base64"))] })],
  ["blanks as base64", (size) => ({ attachments: [base64("gate.jpg", " ".repeat(size))] })],
  ["a data: URL", (size) => ({ attachments: { path: `data:,${"%41a".repeat(size / 4)}` } })],
  ["a data: URL as base64", (size) => ({ attachments: { path: `data:;base64,${"%41".repeat(size / 3)}` } })],
  ["digits as hex", (size) => ({ attachments: [{ content: "4 ".repeat(size / 2), encoding: "hex" }] })],
  [
    "bytes as JSON",
    (size) => ({ attachments: [{ filename: "a.jpg", content: Buffer.alloc(size / 4, 7).toJSON() }] }),
  ],
  ["bytes", (size) => ({ payload: Buffer.alloc(size, 7) })],
  ["a topic of numbers", (size) => ({ topic: Array.from({ length: size / 4 }, (_one, at) => at % 1000) })],
  ["a topic", (size) => ({ topic: "Level ".repeat(size / 6) })],
  ["a list of addresses", (size) => ({ cc: "duty@example.com, ".repeat(size / 18) })],
  ["another property", (size) => ({ extra: Array.from({ length: size / 4 }, (_one, at) => at % 1000) })],
];

/** Kinds that are measured at 1 MB alone: V8 takes 0.4 s to list a million names, whoever asks for them. */
const SMALL_ONLY: ReadonlySet<string> = new Set(["members"]);

export const largeMessages: Row = {
  name: "large-messages",
  about: `Longest turn of the event loop from a message to its mail in the outbox: ${KINDS.map(([what]) => what).join(", ")}.`,
  async measure(rounds) {
    const samples = await withFolder((folder) => measureAll(folder, rounds));
    return [...figures(samples, MB, "1 MB", 50), ...figures(samples, 16 * MB, "16 MB", 100)];
  },
};

type Samples = ReadonlyMap<string, readonly number[]>;

async function measureAll(folder: string, rounds: number): Promise<Samples> {
  const { outbox } = diskOutbox(folder, new FakeMailer(), hostFiles);
  await outbox.open();
  await outbox.pause();
  const accept = async (message: Record<string, unknown>): Promise<number> => {
    const watch = new TurnWatch();
    try {
      const taken = await snapshotOf({ to: "duty@example.com", ...message });
      const mail = await readMessage(taken.message, {}, POLICY);
      const kept = { ...taken.message };
      releaseContents(kept, mail);
      await releaseText(kept, mail);
      const origin = { nodeId: "n1", message: kept };
      const { id } = await outbox.accept(mail, { maxAge: undefined, delivery: "atLeastOnce" }, origin);
      await outbox.discard(id);
    } catch {
      // A refusal takes its time, too.
    }
    // The turn in which it ended counts.
    await nextTurn();
    await nextTurn();
    watch.stop();
    return watch.longest;
  };
  const samples = new Map<string, readonly number[]>();
  // What is loaded when first needed is not what is measured here.
  for (const [, make] of KINDS) await accept(make(10_000));
  for (const size of [MB, 16 * MB]) {
    for (const [what, make] of kindsOf(size)) {
      const message = make(size);
      samples.set(nameOf(what, size), await inRounds(rounds, () => accept(message)));
    }
  }
  await outbox.close();
  return samples;
}

function figures(samples: Samples, size: number, shown: string, limit: number): readonly Figure[] {
  return kindsOf(size).map(([what]) => ({
    what: `longest turn of the event loop, ${shown} of ${what}`,
    unit: "ms",
    samples: samples.get(nameOf(what, size)) ?? [],
    goal: { kind: "atMost", limit },
  }));
}

function kindsOf(size: number): typeof KINDS {
  return KINDS.filter(([what]) => size === MB || !SMALL_ONLY.has(what));
}

function nameOf(what: string, size: number): string {
  return `${what} ${size}`;
}

function base64(filename: string, content: string): object {
  return { filename, content, encoding: "base64" };
}
