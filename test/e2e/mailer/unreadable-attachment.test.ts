/** A mail whose attachment the disk of the host does not give at the moment at which it is uploaded. */
import assert from "node:assert/strict";
import { simpleParser } from "mailparser";
import type { FaultyFiles } from "../../support/faulty-files";
import { memoryOutbox, outboxMail } from "../../support/memory-outbox";

const MINUTE = 60_000;

interface Trouble {
  readonly name: string;
  /** @param path of the file with the attachment */
  readonly strike: (files: FaultyFiles, path: string) => void;
  /** The attachment is lost for good. */
  readonly isLost: boolean;
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
  { name: "has lost it", strike: (files, path) => void files.remove(path), isLost: true },
  { name: "has lost the end of it", strike: (files, path) => files.put(path, "level"), isLost: true },
  {
    name: "has more in it than there was",
    strike: (files, path) => files.put(path, "level 17.5"),
    isLost: true,
  },
];

describe("A mail with an attachment, while the disk", () => {
  for (const { name, strike, isLost } of TROUBLES) {
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
          rig.clock.after(MINUTE, () => (rig.files.fault = () => undefined));
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
