/** Slips that no reader of a whole catalog sees any more: doubled words, mixed quotes and units, two forms of address. */
import assert from "node:assert/strict";
import { filesIn, readText } from "../../support/editor-files";
import { catalogNames, ENGLISH, readCatalog, runtimeTexts, textsOf, TRANSLATIONS } from "./languages";

/** By language, what is wrong in any text, with the reason. */
const SLIPS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  every: {
    "a word twice": /(?<![\p{L}-])(\p{L}{2,}) \1(?![\p{L}-])/u,
    "a blank before a point": / [.,;。，；](?!\p{L})/u,
  },
  [ENGLISH]: {
    "the name of a tab after “tab” instead of before": /\btab [A-Z]/,
  },
  de: {
    "two articles": /\b(?:k?eine?[mnrs]?|des|im|zum|zur) k?eine?[mnrs]?\b/iu,
    "quotes that are not „…“": /["”»«]|“[^“„]*“/u,
    "a number with the plural “Bytes”, whose unit is “Byte”": /(?:\d|__) Bytes/u,
    "“Node x” for “x-Node”": /\bNodes? (?:smtp-send|attach-file|outbox|modem-status|pdp-context)\b/u,
    "a unit with a point, which a sentence would double": /__n__ \p{L}+\./u,
  },
  ja: {},
  "zh-CN": {},
};

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
      const slips = Object.entries({ ...SLIPS["every"], ...SLIPS[language] });
      for (const [key, text] of await texts(language)) {
        for (const [slip, pattern] of slips) {
          const [found] = pattern.exec(text) ?? [];
          assert.equal(found, undefined, `${key}: ${slip}: ${text.slice(0, 200)}`);
        }
      }
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
