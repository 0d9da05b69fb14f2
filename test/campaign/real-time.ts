/**
 * Part "real-time": real minutes with a real Node-RED whose module stands on a pseudo terminal; both mailers. It takes its
 * time, but hardly a processor.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nodeRedVersions } from "../support/node-red-versions";
import { below, none, shown, type Figure, type Part } from "./part";
import { FAULTS, MID_UPLOAD, runRealTime, type Recovery, type Result } from "./real-time/driver";

/** Seconds from everything being well again to the mail at the server. */
const GOAL = 5;
/** The same where the module takes data when Node-RED starts. */
const MID_UPLOAD_GOAL = 12;
/** Minutes from which on the longest of each fault has a goal; of few faults on a busy machine the median of all. */
const FULL = 20;
const OUTPUT = resolve(__dirname, "../output");

export const realTime: Part = {
  name: "real-time",
  full: FULL,
  unit: "minutes",
  async run(size, { seed, minutes = size, at, say }) {
    // The one that NODE_RED_RUNTIME names, or the newest.
    const version = nodeRedVersions().at(-1);
    if (version === undefined) throw new Error("no Node-RED");
    const folder = mkdtempSync(join(tmpdir(), "real-time-"));
    mkdirSync(OUTPUT, { recursive: true });
    const log = join(OUTPUT, `real-time-${seed}-${process.pid}.log`);
    let writing = Promise.resolve();
    const note = (text: string): void => {
      const line = `${new Date().toISOString().slice(11, 23)} ${text}\n`;
      writing = writing.then(() => appendFile(log, line));
    };
    mkdirSync(join(folder, "user"));
    say(`real-time: Node-RED ${version.name}, ${minutes} minutes; what happens: ${log}`);
    const progress = (faults: number): void => {
      at(faults);
      if (faults % 20 === 0) say(`real-time: ${faults} faults so far`);
    };
    try {
      const result = await runRealTime({ version, folder, minutes, seed, note, progress });
      return figuresOf(result, minutes < FULL);
    } finally {
      await writing;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
};

function figuresOf({ account, recoveries, ...rest }: Result, isShort: boolean): readonly Figure[] {
  const all = fairly(recoveries.filter(({ fault }) => fault !== MID_UPLOAD));
  const title = "all single faults but those in an upload: median until the next mail";
  return [
    shown("mails raised", account.raised),
    shown("faults", rest.faults),
    shown("delivered", account.delivered),
    shown("raised while Node-RED was killed or deployed, and not accepted", account.interrupted),
    none("lost", account.lost),
    none("delivered, but not reported", account.unreported),
    none("falsely reported as sent", account.falselySent),
    none("falsely reported as not sent", account.falselyNotSent),
    none("given up although nothing was refused for good", account.givenUp),
    shown("duplicates with the mark", account.duplicatesMarked),
    none("duplicates without the mark", account.duplicatesUnmarked),
    none('duplicates under "at most once"', account.duplicatesRefused),
    none("reported twice, but not after a kill as recovered", account.reportedTwice),
    none("repeats with another Message-ID", account.otherIds),
    none("attachments altered", account.altered),
    none("no mail for 90 s although nothing was wrong", rest.stalls),
    shown("times that a person had to resume the outbox", rest.resumed),
    shown("longest deploy", `${(rest.longestDeployMs / 1000).toFixed(1)} s`),
    // Of fewer the median says nothing.
    isShort && all.length < 5
      ? shown(title, seconds(median(all)))
      : below(title, median(all) / 1000, GOAL, "s"),
    ...[...FAULTS, MID_UPLOAD].flatMap((fault) =>
      recoveryOf(
        fault,
        recoveries.filter((one) => one.fault === fault),
        isShort,
      ),
    ),
  ];
}

function recoveryOf(fault: string, own: readonly Recovery[], isShort: boolean): readonly Figure[] {
  if (own.length === 0) return [];
  const fair = fairly(own);
  const longest = (fair.at(-1) ?? Infinity) / 1000;
  const name = `${fault}: longest until the next mail`;
  const goal = fault === MID_UPLOAD ? MID_UPLOAD_GOAL : GOAL;
  return [
    shown(`${fault}: times measured`, own.length),
    shown(`${fault}: median until the next mail`, seconds(median(fair))),
    isShort ? shown(name, seconds(longest * 1000)) : below(name, longest, goal, "s"),
    shown(
      `${fault}: longest, with the time without a processor`,
      seconds(Math.max(...own.map(({ ms }) => ms))),
    ),
  ];
}

/** Milliseconds, in order, without those of the machine: waiting for a processor that others have. */
function fairly(recoveries: readonly Recovery[]): readonly number[] {
  return recoveries.map(({ ms, starvedMs }) => ms - starvedMs).sort((a, b) => a - b);
}

function median(sorted: readonly number[]): number {
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Infinity;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
