/** An outbox on the disk in real time, with a mailer that takes every mail at once. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../lib/clock";
import type { Mail } from "../../../lib/mail/mail";
import { Outbox } from "../../../lib/outbox/outbox";
import type { FileLayer } from "../../../lib/outbox/spool/files";
import type { Mailer } from "../../../lib/mailer/mailer";
import { KeptLog } from "../../support/module-replies";
import { OPTIONS, SETTINGS } from "../../unit/outbox/bench";

export interface DiskOutbox {
  readonly outbox: Outbox;
  readonly accept: (mail: Mail) => Promise<unknown>;
  /** Resolves when so many more mails have ended. */
  readonly ends: (count: number) => Promise<void>;
}

/** Runs `use` with a folder that is removed afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "bench-spool-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An outbox that is not open yet. */
export function diskOutbox(folder: string, mailer: Mailer, files: FileLayer): DiskOutbox {
  const outbox = new Outbox({
    directory: join(folder, "spool"),
    clock: systemClock,
    mailer,
    settings: { ...SETTINGS, maxQueued: 100_000, maxSpoolMB: 10_000 },
    log: new KeptLog(),
    files,
  });
  let ended = 0;
  outbox.on("ended", () => ended++);
  return {
    outbox,
    accept: (mail) => outbox.accept(mail, OPTIONS, { nodeId: "n1", message: { topic: mail.subject } }),
    ends: (count) => {
      const goal = ended + count;
      return new Promise((resolve) => {
        const look = (): void => {
          if (ended < goal) return;
          outbox.off("ended", look);
          resolve();
        };
        outbox.on("ended", look);
      });
    },
  };
}
