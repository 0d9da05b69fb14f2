/** Writes the tables of a run into docs/performance.md, between its markers, and draws its picture. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Figure } from "./figure";
import type { Row } from "./row";
import { sharesPicture } from "./picture";
import { markdownTable } from "./table";

const FOLDER = join(__dirname, "../../docs");
const PAGE = join(FOLDER, "performance.md");
const PICTURE = join(FOLDER, "mail-time.svg");

/** @param machine what the figures were measured on. @throws Error when the page lacks a marker. */
export async function writeDocumentation(
  figures: readonly Figure[],
  rows: readonly Row[],
  machine: string,
): Promise<void> {
  const meaning = rows.map(({ name, about }) => `| \`${name}\` | ${about} |`);
  const parts = {
    figures: `${machine}\n\n${markdownTable(figures)}`,
    rows: ["| row | what is measured |", "|---|---|", ...meaning].join("\n"),
  };
  let page = await readFile(PAGE, "utf8");
  for (const [name, text] of Object.entries(parts)) page = between(page, name, text);
  await writeFile(PAGE, page);
  await writeFile(PICTURE, sharesPicture(figures));
}

function between(page: string, name: string, text: string): string {
  const begin = `<!-- ${name}: npm run bench -- --write -->`;
  const end = `<!-- /${name} -->`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for the table "${name}"`);
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
}
