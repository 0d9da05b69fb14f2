/** What mails that wait take of the memory: their texts and attachments stay on the disk. */
import { FakeMailer } from "../../support/fake-mailer";
import { heldMemory } from "../../support/held-memory";
import { mail } from "../../unit/outbox/bench";
import { hostFiles } from "../../../lib/outbox/spool/files";
import { diskOutbox, withFolder } from "../support/disk-outbox";
import { inRounds, type Row } from "../row";

/** Mails of a round; the outbox keeps those of the rounds before. */
const COUNT = 100;
const MAILS = 1_000;
const TEXT_BYTES = 1_000_000;

export const waitingMails: Row = {
  name: "waiting-mails",
  about:
    "Memory that JavaScript holds, after garbage collections, for each 100 more mails with 1 MB of text that wait in an outbox on the disk, for 1,000 of them.",
  measure: (rounds) =>
    withFolder(async (folder) => {
      const mailer = new FakeMailer();
      mailer.available = false;
      const { outbox, accept } = diskOutbox(folder, mailer, hostFiles);
      await outbox.open();
      const add = async (count: number): Promise<void> => {
        for (; count > 0; count--)
          await accept(mail("Report", { text: "Level 94 %\r\n".repeat(TEXT_BYTES / 12) }));
      };
      // What the first mails load and compile is no part of it.
      await add(10);
      const samples = await inRounds(rounds, async () => {
        const before = heldMemory();
        await add(COUNT);
        return ((heldMemory() - before) * MAILS) / COUNT / 1e6;
      });
      await outbox.close();
      return [
        {
          what: "memory of 1,000 waiting mails with 1 MB of text each",
          unit: "MB",
          samples,
          goal: { kind: "below", limit: 20 },
        },
      ];
    }),
};
