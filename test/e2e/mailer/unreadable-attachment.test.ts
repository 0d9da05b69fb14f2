/** A mail whose attachment the disk of the host does not give at the moment at which it is uploaded. */
import assert from "node:assert/strict";
import { simpleParser } from "mailparser";
import { FaultyFiles } from "../../support/faulty-files";
import { memoryOutbox, outboxMail, outboxOn } from "../../support/memory-outbox";
import { MemorySmtp } from "../../support/memory-smtp";
import { socketHost } from "../../support/socket-mailer";
import { VirtualClock } from "../../support/virtual-clock";

const MINUTE = 60_000;

interface Trouble {
  readonly name: string;
  /** @param path of the file with the attachment */
  readonly strike: (files: FaultyFiles, path: string) => void;
  /** The attachment is lost for good. */
  readonly isLost: boolean;
  /** The disk is not well again after a minute. */
  readonly isLasting?: boolean;
}

const TROUBLES: readonly Trouble[] = [
  {
    name: "fails to read it for a while",
    strike: (files, path) => (files.fault = (one) => (one.path === path ? "EIO" : undefined)),
    isLost: false,
  },
  {
    name: "is away for a while, as a share that is not mounted",
    strike: (files) => (files.fault = () => "ENOENT"),
    isLost: false,
  },
  {
    name: "never gives it though it is there",
    strike: (files, path) =>
      (files.fault = (one) => (one.name === "read" && one.path === path ? "EIO" : undefined)),
    isLost: true,
    isLasting: true,
  },
  { name: "has lost it", strike: (files, path) => void files.remove(path), isLost: true },
  { name: "has lost the end of it", strike: (files, path) => files.put(path, "level"), isLost: true },
  {
    name: "has more in it than there was",
    strike: (files, path) => files.put(path, "level 17.5"),
    isLost: true,
  },
];

describe("A mail with an attachment, while the disk", () => {
  for (const { name, strike, isLost, isLasting = false } of TROUBLES) {
    it(`${name}, arrives ${isLost ? "without it and says so" : "whole"}, and is told once`, async () => {
      const rig = memoryOutbox();
      await rig.open();
      let isOver = false;
      rig.module.define((context, next) => {
        if (context.name === "+QFUPL" && !isOver) {
          isOver = true;
          const path = rig.files.paths().find((one) => one.endsWith(".0"));
          assert.ok(path !== undefined);
          strike(rig.files, path);
          if (!isLasting) rig.clock.after(MINUTE, () => (rig.files.fault = () => undefined));
        }
        return next();
      });
      const content = { kind: "bytes", bytes: Buffer.from("level 17") } as const;
      const end = await rig.deliver(outboxMail({ attachments: [{ filename: "level.txt", content }] }));
      assert.ok(isOver);
      assert.equal(end.result.status, "sent", String(end.error));
      await rig.clock.advance(10 * MINUTE);
      assert.deepEqual([rig.ended.length, rig.server.received.length], [1, 1]);
      const { text = "", attachments } = await simpleParser(
        Buffer.from(rig.server.received[0]?.text ?? "", "latin1"),
      );
      assert.deepEqual(
        attachments.map(({ filename, content: bytes }) => [filename, bytes.toString()]),
        isLost ? [] : [["level.txt", "level 17"]],
      );
      assert.equal(/attachment "level\.txt" was lost/.test(text), isLost, text);
      assert.equal(
        end.result.warnings.some((warning) => warning.includes("level.txt")),
        isLost,
      );
      await rig.stop();
    });
  }
});

describe("A mail with an attachment over a socket, while the disk", () => {
  const content = Buffer.from("level 17\n".repeat(2_000));
  const places: readonly [string, number][] = [
    ["at its start", 0],
    ["in its middle", 9_000],
    ["at its end", content.length],
  ];

  /** Accepts two mails of which the second finds the connection of the first; its attachment fails at `tries` tries. */
  async function deliver(at: number, tries: number) {
    const clock = new VirtualClock();
    const server = new MemorySmtp();
    const host = socketHost({ module: { clock, busy: (work) => clock.busy(work) }, serve: server.serve });
    await clock.until(host.ready);
    const files = new FaultyFiles();
    const { mailer } = host.mailer();
    const { outbox, accept, endOf } = outboxOn({ clock, mailer, files });
    await clock.until(outbox.open());
    const first = await accept(outboxMail({ subject: "first" }));
    const attachments = [{ filename: "level.txt", content: { kind: "bytes", bytes: content } }] as const;
    const id = await accept(outboxMail({ attachments }));
    const stream = files.stream.bind(files);
    let reads = 0;
    files.stream = async function* (path) {
      let left = at;
      const isBad = path.endsWith(`${id}.0`) && ++reads <= tries;
      for await (const piece of stream(path)) {
        yield isBad ? piece.subarray(0, left) : piece;
        left = Math.max(0, left - piece.length);
        if (isBad && left === 0) break;
      }
      if (isBad) throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
    };
    assert.equal((await endOf(first)).result.status, "sent");
    const { result } = await endOf(id);
    await clock.advance(10 * MINUTE);
    await clock.until(outbox.close());
    mailer.close();
    await clock.until(host.close());
    const mails = server.received.filter(({ text }) => !text.includes("Subject: first"));
    assert.equal(mails.length, 1, "the server has no part of it as a mail");
    return { result, reads, ...(await simpleParser(Buffer.from(mails[0]?.text ?? "", "latin1"))) };
  }

  for (const [place, at] of places) {
    it(`fails to read it ${place} for a while, arrives whole and once, with no word of a copy`, async () => {
      const { result, text = "", attachments, reads } = await deliver(at, 2);
      assert.ok(reads > 2);
      assert.deepEqual([result.status, result.possibleDuplicate, result.warnings], ["sent", undefined, []]);
      assert.equal(text.trim(), "Level too high.");
      assert.ok(attachments[0]?.content.equals(content));
    });

    it(`never gives it ${place} though it is there, arrives without it and says so`, async () => {
      const { result, text = "", attachments } = await deliver(at, Infinity);
      assert.deepEqual([result.status, result.possibleDuplicate, result.attempts], ["sent", undefined, 4]);
      assert.deepEqual(result.warnings, ['The attachment "level.txt" was lost on the disk of the gateway.']);
      assert.match(text, /"level\.txt" was lost/);
      assert.deepEqual(attachments, []);
    });
  }
});
