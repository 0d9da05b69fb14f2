/**
 * LeftSpools: mails that an earlier flow has left, because their modem was deleted or disabled.
 *
 * They are not sent, so they are reported when the flows have started, and an outbox node can adopt them. A modem that
 * is in the flows watches over its own outbox.
 */
import type { NodeAPI } from "node-red";
import type { EventEmitter } from "node:events";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ModemError, systemCode } from "../../../lib/errors";
import type { Outbox } from "../../../lib/outbox/outbox";
import { systemClock } from "../../../lib/clock";
import { hostFiles, type FileLayer } from "../../../lib/outbox/spool/files";
import { thisHost } from "../../../lib/outbox/spool/lock";
import { discardSpool, findSpools, recordsIn } from "../../../lib/outbox/spool/recovery";
import { canBeModem, modemDirectory, modemsDirectory, spoolDirectory } from "./folders";

export interface LeftSpool {
  /** Name of the modem's folder: the id that its node had. */
  readonly modem: string;
  /** Mails. */
  readonly waiting: number;
  readonly failed: number;
}

/** The modems that are in the flows at the moment, and the folder of each. */
export type ModemsInFlows = () => Iterable<{
  readonly host: { readonly directory: string };
  warn(message: string): void;
}>;

const watched = new WeakSet<EventEmitter>();

/** From now on reports each outbox whose modem is not there when the flows have started, once for each change. */
export function watchLeftSpools(RED: NodeAPI, modems: ModemsInFlows): void {
  if (watched.has(RED.events)) return;
  watched.add(RED.events);
  let reported: readonly string[] = [];
  const report = async (): Promise<void> => {
    const left = (await leftSpools(RED, modems)).filter(({ waiting }) => waiting > 0).map(sentenceOf);
    for (const sentence of left) if (!reported.includes(sentence)) warn(RED, modems, sentence);
    reported = left;
  };
  RED.events.on("flows:started", () => {
    report().catch((error: unknown) =>
      warn(RED, modems, `the outboxes on the disk cannot be listed: ${String(error)}`),
    );
  });
}

/** The outboxes whose modem is not in the flows. Rejects with the error of the disk. */
export async function leftSpools(RED: NodeAPI, modems: ModemsInFlows): Promise<readonly LeftSpool[]> {
  return (await findLeft(RED, modems)).map(({ directory, waiting, failed }) => ({
    modem: modemOf(directory),
    waiting,
    failed,
  }));
}

/**
 * Moves the mails of the outbox that `modem` has left, or of all such outboxes, into `outbox`. Resolves with their
 * number. Rejects with OUTBOX_NOT_FOUND, OUTBOX_LOCKED or OUTBOX_DISK.
 */
export async function adoptLeft(
  RED: NodeAPI,
  modems: ModemsInFlows,
  outbox: Outbox,
  modem: string | undefined,
): Promise<number> {
  const wanted = modem === undefined ? await findLeft(RED, modems) : [await leftBy(RED, modems, modem)];
  let mails = 0;
  for (const { directory } of wanted) mails += await outbox.adopt(directory);
  return mails;
}

/** The records that `modem` has left, at most `most`. Rejects with the error of the disk. */
export function recordsLeftBy(RED: NodeAPI, modem: string, most: number) {
  return recordsIn(spoolDirectory(modemDirectory(RED, modem)), hostFiles, most);
}

/**
 * Throws away the mails that `modem` has left. Resolves with their number. Rejects with OUTBOX_NOT_FOUND, OUTBOX_LOCKED or
 * OUTBOX_DISK.
 */
export async function discardLeft(RED: NodeAPI, modems: ModemsInFlows, modem: string): Promise<number> {
  const { directory } = await leftBy(RED, modems, modem);
  return discardSpool(directory, { files: hostFiles, clock: systemClock, host: thisHost() });
}

/**
 * Mails that have not ended in the outbox of the modem with this folder; 0 also when the disk cannot say.
 *
 * @param files left out: those of the host.
 */
export async function mailsWaitingIn(directory: string, files: FileLayer = hostFiles): Promise<number> {
  try {
    const [spool] = await findSpools([spoolDirectory(directory)], files);
    return spool?.waiting ?? 0;
  } catch {
    return 0;
  }
}

async function leftBy(RED: NodeAPI, modems: ModemsInFlows, modem: string) {
  const found = (await findLeft(RED, modems)).find(({ directory }) => modemOf(directory) === modem);
  if (found !== undefined) return found;
  throw new ModemError("OUTBOX_NOT_FOUND", { detail: `no mails of a removed modem ${modem}` });
}

/** The name of the modem's folder. */
function modemOf(directory: string): string {
  return basename(dirname(directory));
}

async function findLeft(RED: NodeAPI, modems: ModemsInFlows) {
  const root = modemsDirectory(RED);
  const folders = (await namesIn(root)).filter(canBeModem).map((name) => join(root, name));
  const inUse = new Set(Array.from(modems(), ({ host }) => host.directory));
  return findSpools(folders.filter((folder) => !inUse.has(folder)).map(spoolDirectory), hostFiles);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

function sentenceOf({ modem, waiting }: LeftSpool): string {
  return (
    `${waiting} mail(s) wait in the outbox of the modem ${modem}, which is not in the flows; ` +
    `enable it, or send {action: "adopt", modem: "${modem}"} to an outbox node of another modem`
  );
}

/** To the editor's debug sidebar where a modem is there to say it, else only to the log. */
function warn(RED: NodeAPI, modems: ModemsInFlows, sentence: string): void {
  const [modem] = modems();
  if (modem === undefined) RED.log.warn(`quectel-modem: ${sentence}`);
  else modem.warn(sentence);
}
