/**
 * One life of a gateway, in a process that is to be killed at a random moment: outbox, SMTP transactions, AT engine and
 * TCP connection as a modem node puts them together.
 */
import { join } from "node:path";
import type { Mail } from "../../../lib/mail/mail";
import { hostFiles, type FileLayer } from "../../../lib/outbox/spool/files";
import { spoolDirectory } from "../../../nodes/runtime/disk/folders";
import { assemble } from "../../../nodes/runtime/modem/assembly";
import { readModemSettings } from "../../../nodes/runtime/settings/modem-settings";
import { seededRandom } from "../../support/random";
import { quickClock } from "./clock";
import { remoteFiles } from "./disk";
import type { FromOutbox, LifePlan } from "./messages";

/** Resolves when the counting process is certain to get it. */
function tell(message: FromOutbox): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}

/** Mails of all kinds: priorities, alphabets, several recipients, one of them refused, private copies, attachments. */
function anyMail(subject: string, random: () => number): Mail {
  const some = (list: readonly string[]): string[] => list.filter(() => random() < 0.4);
  const size = Math.floor(random() * 20_000);
  return {
    from: undefined,
    to: ["ops@example.com", ...some(["a@example.com", "unknown@example.com"])],
    cc: some(["c@example.com"]),
    bcc: some(["d@example.com", "e@example.com"]),
    subject,
    text: random() < 0.7 ? `${subject} at pump 7` : `${subject}: Füllstand 94 %`,
    attachments:
      random() < 0.4
        ? [{ filename: "a.bin", content: { kind: "bytes", bytes: Buffer.alloc(size, "x") } }]
        : [],
    priority: random() < 0.3 ? "high" : random() < 0.5 ? "low" : "normal",
    warnings: [],
  };
}

/** Milliseconds of the host in which at least one mail must end: more than the longest wait between two tries. */
const STUCK = 90_000;

/**
 * Resolves when every mail has ended and its end is told: its record stays in these folders until then.
 *
 * @throws when none ends for long: a queue that is stuck.
 */
async function emptied(files: FileLayer, spool: string): Promise<void> {
  const count = async (): Promise<number> => {
    const names = await Promise.all(["queue", "sending"].map((folder) => files.list(join(spool, folder))));
    return names.flat().length;
  };
  let last = await count();
  let since = performance.now();
  while (last > 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const left = await count();
    if (left !== last) since = performance.now();
    last = left;
    if (performance.now() - since > STUCK) throw new Error(`stuck with ${last} mails`);
  }
}

async function live({ life, mails, isLast, seed, ...plan }: LifePlan): Promise<void> {
  const random = seededRandom(seed);
  const settings = readModemSettings(
    {
      transport: "tcp",
      tcpHost: "127.0.0.1",
      tcpPort: plan.modulePort,
      smtpHost: "127.0.0.1",
      smtpPort: plan.serverPort,
      smtpSecurity: "none",
      mailer: plan.mailer,
      senderAddress: "pump7@example.com",
      maxAge: 525_600,
      maxQueued: 10_000,
      maxSpoolMB: 1_000,
      keepFailedDays: 3_650,
    },
    {},
  );
  const files = plan.disk === "remote" ? remoteFiles(tell) : hostFiles;
  const assembly = assemble(settings, {
    directory: plan.directory,
    clock: quickClock,
    log: { error: console.error, warn: () => undefined, info: () => undefined, debug: () => undefined },
    files,
  });
  const { modem, outbox } = assembly;
  outbox.on("ended", (ended) => {
    const { subject } = ended.origin.message as { subject: string };
    const rejected = ended.result.rejected.map(({ address }) => address);
    ended.waitUntil(tell({ kind: "ended", told: { subject, accepted: ended.result.accepted, rejected } }));
  });
  // Kills make lost results frequent; a person who looks would resume the outbox.
  outbox.on("hold", (reason) => void (reason !== undefined && outbox.resume()));
  await tell({ kind: "opening" });
  modem.acquire();
  await outbox.open();
  await outbox.resume();
  for (let number = 0; number < mails; number++) {
    const subject = `Mail ${life}-${number}`;
    const made = anyMail(subject, random);
    const options = { maxAge: undefined, delivery: random() < 0.2 ? "atMostOnce" : "atLeastOnce" } as const;
    await outbox.accept(made, options, { nodeId: "n1", message: { subject } });
    const recipients = [...made.to, ...made.cc, ...made.bcc];
    await tell({ kind: "accepted", subject, recipients, isOnce: options.delivery === "atMostOnce" });
  }
  if (!isLast) return;
  await emptied(files, spoolDirectory(plan.directory));
  await assembly.close();
  await tell({ kind: "done" });
  process.disconnect();
}

live(JSON.parse(process.argv[2] ?? "") as LifePlan).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
