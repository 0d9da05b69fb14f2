/** The recorded lines of the canonical mails: one readable file for each, and how it is made. */
import { readdirSync, readFileSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CanonicalMail } from "./canonical-mail";
import { CANONICAL_MAILS } from "./mails";
import { Station } from "./station";

const FOLDER = join(__dirname, "lines");
const ENDING = ".txt";

/** Runs a mail. Rejects when it does not end as it should. */
export async function play(mail: CanonicalMail): Promise<readonly string[]> {
  const station = new Station(mail);
  await station.start();
  station.transcript.begin();
  await mail.run(station);
  const lines = station.transcript.lines();
  await station.stop();
  return lines;
}

/** The lines of a mail as they were recorded. */
export function recorded({ name }: CanonicalMail): readonly string[] {
  return readFileSync(join(FOLDER, name + ENDING), "utf8")
    .trimEnd()
    .split("\n");
}

/** Names of all files. */
export function recordedNames(): readonly string[] {
  return readdirSync(FOLDER).map((file) => file.slice(0, -ENDING.length));
}

/** Records a mail anew. */
export async function record(mail: CanonicalMail): Promise<void> {
  const lines = [`# ${mail.about}`, ...(await play(mail))];
  writeFileSync(join(FOLDER, mail.name + ENDING), `${lines.join("\n")}\n`);
}

/** Removes the files of mails that are no longer there. */
export function removeOld(): void {
  const names = new Set(CANONICAL_MAILS.map(({ name }) => name));
  for (const name of recordedNames()) if (!names.has(name)) rmSync(join(FOLDER, name + ENDING));
}
