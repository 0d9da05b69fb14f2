/**
 * One word for one thing: the terms of docs/glossary.md against every text that people read in the four languages, and
 * against the pages.
 */
import assert from "node:assert/strict";
import { filesIn, readJson, readText } from "../../support/editor-files";
import { ENGLISH, runtimeTexts, textsOf, TRANSLATIONS } from "./languages";

const COLUMNS = [ENGLISH, ...TRANSLATIONS] as const;
type Language = (typeof COLUMNS)[number];

/** Contents of the cells of the `at`-th table of the page, without its head. */
function tableOf(page: string, at: number): readonly (readonly string[])[] {
  const table = page.split(/\n\n+/).filter((part) => part.startsWith("|"))[at] ?? "";
  return table
    .trim()
    .split("\n")
    .slice(2)
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** Pages for users and developers, without the glossary and what only lists what was. */
function pages(): readonly string[] {
  const inFolder = (folder: string): readonly string[] => filesIn(folder).map((name) => `${folder}/${name}`);
  const known = ["README.md", "DEVELOPERS.md", "SECURITY.md", "CONTRIBUTING.md"];
  return [...known, ...inFolder("docs"), ...inFolder("docs/decisions")].filter(
    (name) => name.endsWith(".md") && !/glossary|campaign|mutation/.test(name),
  );
}

/** All texts by where they stand: catalogs, the runtime's texts, help without its code. */
async function textsIn(language: Language): Promise<Map<string, string>> {
  const folder = `nodes/locales/${language}`;
  const names = filesIn(folder).filter((name) => name !== "runtime.json");
  const catalogs = names
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => textsOf(readJson(`${folder}/${name}`), `${name} `));
  const help = names
    .filter((name) => name.endsWith(".html"))
    .map((name): [string, string] => [
      name,
      readText(`${folder}/${name}`)
        .replace(/<code>[^<]*<\/code>|<[^>]*>/g, "")
        .replaceAll(/\s+/g, " "),
    ]);
  return new Map([...catalogs, ...help, ...textsOf(await runtimeTexts(language), "runtime ")]);
}

describe("The glossary", () => {
  const page = readText("docs/glossary.md");
  const terms = tableOf(page, 0);
  const unwanted = tableOf(page, 1);

  it("has some forty terms in four languages, and each language's words that are not used", () => {
    assert.ok(terms.length >= 40, `${terms.length} terms`);
    for (const row of terms) assert.ok(row.length === COLUMNS.length && !row.includes(""), row.join());
    assert.equal(unwanted.length, COLUMNS.length);
  });

  for (const [column, language] of COLUMNS.entries()) {
    it(`has terms in ${language} that the texts use`, async () => {
      const all = [...(await textsIn(language)).values()].join("\n").toLowerCase();
      const missing = terms.flatMap((row) => {
        const term = row[column] ?? "";
        return all.includes(term.toLowerCase()) ? [] : [term];
      });
      assert.deepEqual(missing, []);
    });

    it(`has none of its unwanted words in a text or page in ${language}`, async () => {
      const words = unwanted[column]?.[1]?.split(", ") ?? [];
      assert.ok(words.length > 5);
      const texts = await textsIn(language);
      if (language === ENGLISH) for (const page of pages()) texts.set(page, readText(page));
      const latin = /^[\p{Script=Latin} /-]+$/u;
      const found = [...texts].flatMap(([key, text]) =>
        words
          .filter((word) =>
            latin.test(word)
              ? new RegExp(`(?<![\\p{L}-])${word}(?![\\p{L}])`, language === ENGLISH ? "iu" : "u").test(text)
              : text.includes(word),
          )
          .map((word) => `${key}: ${word}`),
      );
      assert.deepEqual(found, []);
    });
  }
});
