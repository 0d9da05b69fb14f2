/** Writes the figures of a full run into docs/campaign.md, and those that a reader looks for into README.md. */
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Figure } from "./part";

const ROOT = resolve(__dirname, "../..");

export type Row = Pick<Figure, "name" | "value" | "goal" | "met"> & { readonly part: string };

/** Lines of README.md: the part and its figure, and what it is called there. */
const SUMMARY = [
  ["faults", "mails raised", "mails under random faults of module, line, network, server and host"],
  ["faults", "mishaps", "mishaps"],
  ["faults", "accepted", "accepted"],
  ["faults", "delivered + reported as not delivered", "delivered, or reported as not delivered"],
  ["faults", "lost", "lost"],
  ["faults", 'falsely told "sent"', 'falsely told "sent"'],
  ["faults", "duplicates without the mark", "duplicates without the mark"],
  ["faults", "attachments altered", "attachments altered"],
  ["faults", "stuck: no end", "stuck"],
  ["faults", "second command in flight", "second command in flight"],
  ["kills", "kill -9: lost", "200 × kill -9: lost"],
  ["kills", "power cut: lost", "200 power cuts: lost"],
  ["kills", "stop and continue: lost", "200 × stopped and continued (SIGSTOP): lost"],
  [
    "next-mail",
    "the cable is out: longest until the next mail",
    "from the module being ready after a cable was out to the next mail",
  ],
  ["soak", "virtual weeks", "weeks in one process, with 20,000 mails"],
  ["soak", "heap, before and after", "memory before and after"],
  ["soak", "timers, before and after", "timers before and after"],
  ["soak", "listeners, before and after", "listeners before and after"],
  ["soak", "files in the spool, before and after", "files in the outbox's folder before and after"],
  [
    "load",
    "outbox for 10,000: event loop held up, p99",
    "5,000 messages in a second: event loop held up, p99",
  ],
  ["load", "refused although there was room", "refused although there was room"],
  ["hostile", "messages", "hostile messages"],
  ["hostile", "command lines of no known form, or too many", "command lines that should not be"],
  ["hostile", "headers or recipients injected", "headers or recipients injected"],
  ["hostile", "exceptions escaped", "exceptions escaped"],
  ["hostile", "files read outside the allowed folders", "files read outside the allowed folders"],
  ["secrets", "secrets in the log at level trace", "passwords in the log at level trace"],
  ["supply", "known vulnerabilities (npm audit)", "known vulnerabilities of what is installed"],
] as const;

/** @param about date, command and duration of the run. @throws when a figure or a place is missing. */
export async function writeDocumentation(rows: readonly Row[], about: string): Promise<void> {
  await replace("docs/campaign.md", `${about}\n\n${tableOf(rows)}`);
  const summary = SUMMARY.map(([part, name, words]) => {
    const row = rows.find((one) => one.part === part && one.name === name);
    if (row === undefined) throw new Error(`the run has no figure "${name}" of ${part}`);
    return `| ${words} | ${row.value} | ${row.goal} |`;
  });
  await replace("README.md", `${about}\n\n| what | figure | goal |\n|---|---:|---|\n${summary.join("\n")}`);
}

/** As Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ part, name, value, goal, met }) =>
      `| ${part} | ${name} | ${value} | ${goal} | ${goal === "" ? "" : met ? "yes" : "NOT MET"} |`,
  );
  return ["| part | figure | value | goal | met |", "|---|---|---:|---|---|", ...lines].join("\n");
}

async function replace(file: string, text: string): Promise<void> {
  const path = join(ROOT, file);
  const before = await readFile(path, "utf8");
  const place = /(<!-- campaign: npm run campaign -- --write -->\n)[^]*?(\n<!-- \/campaign -->)/;
  if (!place.test(before)) throw new Error(`${file} has no place for the figures`);
  await writeFile(
    path,
    before.replace(place, (_all, begin: string, end: string) => begin + text + end),
  );
}
