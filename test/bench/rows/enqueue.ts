/** What it takes to accept a mail durably: fsync calls and time, on the disk that holds the temporary folder. */
import type { Mail } from "../../../lib/mail/mail";
import { FakeMailer } from "../../support/fake-mailer";
import { mail } from "../../unit/outbox/bench";
import type { Figure } from "../figure";
import { inRounds, type Row } from "../row";
import { median } from "../statistics";
import { CountingFiles } from "../support/counting-files";
import { diskOutbox, withFolder } from "../support/disk-outbox";
import { ATTACHMENT_BYTES } from "../support/mails";

/** Mails of a round. */
const COUNT = 20;

const MAILS: readonly { readonly name: string; readonly mail: Mail }[] = [
  { name: "an alert", mail: mail("Level high") },
  {
    name: "a mail with 100 KiB attached",
    mail: mail("Report", {
      attachments: [
        { filename: "report.bin", content: { kind: "bytes", bytes: Buffer.alloc(ATTACHMENT_BYTES, 7) } },
      ],
    }),
  },
];

export const enqueue: Row = {
  name: "enqueue",
  about: "Outbox.accept until the mail is durable; a round is the median of 20 mails.",
  measure: (rounds) =>
    withFolder(async (folder) => {
      const files = new CountingFiles(true);
      const mailer = new FakeMailer();
      mailer.available = false;
      const { outbox, accept } = diskOutbox(folder, mailer, files.layer);
      await outbox.open();
      const figures: Figure[] = [];
      for (const { name, mail } of MAILS) {
        const results = await inRounds(rounds, async () => {
          const before = files.syncs;
          const times: number[] = [];
          for (let count = 0; count < COUNT; count++) {
            const started = performance.now();
            await accept(mail);
            times.push(performance.now() - started);
          }
          return { ms: median(times), syncs: (files.syncs - before) / COUNT };
        });
        figures.push(
          {
            what: `durable enqueue of ${name}`,
            unit: "fsync",
            samples: results.map(({ syncs }) => syncs),
            goal: { kind: "atMost", limit: 4 },
          },
          { what: `durable enqueue of ${name}`, unit: "ms", samples: results.map(({ ms }) => ms) },
        );
      }
      await outbox.close();
      return figures;
    }),
};
