/** Slips that no reader of a whole catalog sees any more: doubled words, mixed quotes and units, two forms of address. */
import assert from "node:assert/strict";
import { filesIn, readText } from "../../support/editor-files";
import { catalogNames, ENGLISH, readCatalog, runtimeTexts, textsOf, TRANSLATIONS } from "./languages";

/** By language: what is wrong in any text, how it is found, and an example. */
const SLIPS: Readonly<
  Record<string, readonly (readonly [slip: string, pattern: RegExp, example: string])[]>
> = {
  every: [
    ["a word twice", /(?<![\p{L}-])(\p{L}{2,}) \1(?![\p{L}-])/u, "kein Verfahren, das das Modul kennt"],
    ["a blank before a point", / [.,;。，；](?!\p{L})/u, "Check the cable ."],
  ],
  [ENGLISH]: [["a tab's name after “tab”", /\btab [A-Z]/, "the tab Modem shows it"]],
  de: [
    ["two articles", /\b(?:k?eine?[mnrs]?|des|im|zum|zur) k?eine?[mnrs]?\b/iu, "etwa ein eine Anmeldung"],
    ["quotes that are not „…“", /["”»«]|“[^“„]*“/u, "auf “Netz” prüfen"],
    ["the plural of the unit Byte", /(?:\d|__) Bytes/u, "höchstens 50 Bytes"],
    [
      "“Node x” for “x-Node”",
      /\bNodes? (?:smtp-send|attach-file|outbox|modem-status|pdp-context)\b/u,
      "mit einem Node outbox",
    ],
    ["a unit with a point, which a sentence doubles", /^__n__ \p{L}+\./u, "__n__ Min."],
  ],
};

function slipsOf(language: string): (typeof SLIPS)[string] {
  return [...(SLIPS["every"] ?? []), ...(SLIPS[language] ?? [])];
}

/** All texts by where they stand. */
async function texts(language: string): Promise<readonly (readonly [string, string])[]> {
  const folder = `nodes/locales/${language}`;
  const help = filesIn(folder)
    .filter((name) => name.endsWith(".html"))
    .map((name): [string, string] => [
      name,
      readText(`${folder}/${name}`)
        .replaceAll(/<code>[^<]*<\/code>/g, "…")
        .replaceAll(/<[^>]*>/g, "")
        .replaceAll(/\s+/g, " "),
    ]);
  const catalogs = catalogNames().flatMap((name) => textsOf(readCatalog(language, name), `${name} `));
  return [...catalogs, ...help, ...textsOf(await runtimeTexts(language), "runtime ")];
}

for (const language of [ENGLISH, ...TRANSLATIONS]) {
  describe(`The texts in ${language}`, () => {
    it("have none of the slips that a reader overlooks", async () => {
      const all = await texts(language);
      const found = slipsOf(language).flatMap(([slip, pattern]) =>
        all.flatMap(([key, text]) => {
          const [words] = pattern.exec(text) ?? [];
          return words === undefined ? [] : [`${key}: ${slip}: ${words}`];
        }),
      );
      assert.deepEqual(found, []);
    });

    it("are searched for every slip", () => {
      for (const [slip, pattern, example] of slipsOf(language)) assert.match(example, pattern, slip);
    });
  });
}

describe("A hint in German", () => {
  it("says what to do in the infinitive, like all others, and never addresses the reader", async () => {
    const { hints, remarks } = await runtimeTexts("de");
    for (const [key, text] of Object.entries({ ...hints, ...remarks })) {
      assert.doesNotMatch(text, /\p{L}n Sie\b/u, key);
    }
  });
});
