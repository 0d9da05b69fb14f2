/**
 * The tabs, fields and buttons that hints and dialogs name are those that the editor shows, in every language.
 *
 * Translations quote a name; English writes fields as the dialog does. What a translation quotes has to be a text of the
 * dialogs in that language, and the English text and every other translation have to name the same one.
 */
import assert from "node:assert/strict";
import { nodeNames, readJson, readText } from "../../support/editor-files";
import { ENGLISH, runtimeTexts, textsOf, TRANSLATIONS } from "./languages";

type Language = typeof ENGLISH | (typeof TRANSLATIONS)[number];

const QUOTED = { de: /„([^“]+)“/g, ja: /「([^」]+)」/g, "zh-CN": /“([^”]+)”/g } as const;

/** How a text says that a name is that of a tab. */
const TAB = {
  [ENGLISH]: /\b(?:the modem's|the) ((?:[A-Z][a-z]+)(?: [a-z]+)?) tab\b/g,
  de: /Tab „([^“]+)“/g,
  ja: /「([^」]+)」タブ/g,
  "zh-CN": /“([^”]+)”标签页/g,
} as const;

/** What a person can see: tabs, fields, buttons of the dialogs, tab of the sidebar, words of a status; by key. */
async function shown(language: Language): Promise<ReadonlyMap<string, string>> {
  const read = (name: string): object => readJson(`nodes/locales/${language}/${name}.json`);
  const catalogs = ["modem", "smtp-send", "attach-file", "modem-sidebar"].flatMap((name) =>
    textsOf(read(`quectel-${name}`), `${name}.`).filter(([key]) =>
      /\.(?:tab|label|connectionTest\.(?:testModem|sendMail|facts)|action)\b/.test(key),
    ),
  );
  return new Map([...catalogs, ...textsOf((await runtimeTexts(language)).status, "status.")]);
}

/** Keys of what `name` may be. */
function keysOf(texts: ReadonlyMap<string, string>, name: string): readonly string[] {
  return [...texts].filter(([, text]) => text === name).map(([key]) => key);
}

/** How help sets names of nodes and of actions, which no language translates. */
const UNTRANSLATED = /^[a-z-]+$/;

/** Names of Node-RED's own buttons. */
const OF_NODE_RED = ["Übernahme (deploy)"];

for (const language of TRANSLATIONS) {
  describe(`The names in hints in ${language}`, () => {
    it("are those of tabs, fields, buttons and statuses, the same as in English", async () => {
      const [own, english] = [await shown(language), await shown(ENGLISH)];
      const { hints } = await runtimeTexts(language);
      const ofEnglish = (await runtimeTexts(ENGLISH)).hints;
      let names = 0;
      for (const [hint, text] of Object.entries(hints)) {
        for (const [, name = ""] of text.matchAll(QUOTED[language])) {
          if (OF_NODE_RED.includes(name)) continue;
          names++;
          const keys = keysOf(own, name);
          assert.notDeepEqual(keys, [], `${hint}: nothing is called ${name}`);
          const candidates = keys.map((key) => english.get(key) ?? "");
          assert.ok(
            candidates.some((candidate) => ofEnglish[hint]?.includes(candidate)),
            `${hint}: ${ofEnglish[hint]} names none of ${candidates.join(", ")}`,
          );
        }
      }
      assert.ok(names >= 15, `${names} names`);
    });
  });
}

for (const language of [ENGLISH, ...TRANSLATIONS] as const) {
  describe(`The tabs that texts in ${language} name`, () => {
    it("are there", async () => {
      const texts = await shown(language);
      const tabs = [...texts].filter(([key]) => /\.tab\./.test(key)).map(([, text]) => text);
      const catalog = textsOf(readJson(`nodes/locales/${language}/quectel-modem.json`), "modem ");
      let named = 0;
      for (const [key, text] of [...catalog, ...textsOf((await runtimeTexts(language)).hints, "hint ")]) {
        for (const [, name = ""] of text.matchAll(TAB[language])) {
          if (name.startsWith("__")) continue;
          named++;
          assert.ok(tabs.includes(name), `${key}: there is no tab ${name}`);
        }
      }
      assert.ok(named >= 7, `${named} tabs`);
    });
  });
}

for (const language of [ENGLISH, ...TRANSLATIONS] as const) {
  describe(`The names in the help in ${language}`, () => {
    it("are those of nodes, tabs, fields and buttons", async () => {
      const texts = new Set((await shown(language)).values());
      let named = 0;
      for (const node of nodeNames()) {
        const help = readText(`nodes/locales/${language}/${node}.html`);
        for (const [, name = ""] of help.matchAll(/<b>([^<]*[^<:：])<\/b>/g)) {
          if (UNTRANSLATED.test(name)) continue;
          named++;
          assert.ok(texts.has(name), `${node}: nothing is called ${name}`);
        }
      }
      assert.ok(named >= 6, `${named} names`);
    });
  });
}
