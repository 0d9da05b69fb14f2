/** The catalogs of all languages: the same keys, the same placeholders, and nothing left in English. */
import assert from "node:assert/strict";
import { filesIn } from "../../support/editor-files";
import {
  catalogNames,
  ENGLISH,
  readCatalog,
  runtimeTexts,
  textsOf,
  TRANSLATIONS,
  type Translation,
} from "./languages";

/** Words that are the same in another language. */
const SAME: Readonly<Record<Translation, readonly string[]>> = {
  de: ["Host", "Modem", "Name", "normal", "offline", "Port", "Server", "Signal", "Text", "__n__ h"],
  ja: [],
  "zh-CN": [],
};

/** Names of standards, protocols and units, which no language translates. */
const NAMES = [
  "APN",
  "Bcc",
  "Cc",
  "MB",
  "RTS/CTS",
  "SIM PIN",
  "SSL/TLS",
  "STARTTLS",
  "__n__ kB",
  "__n__ min",
  "__n__ s",
  "__message__. __hint__",
];

/** What a translation must keep: placeholders, names of properties, commands and files, addresses, numbers. */
const KEPT =
  /__\w+__|\{[^}]*\}|\bmsg\.\w+|AT\+\w+|-----[A-Z ]+-----|\b\w*[a-z][A-Z]\w*\b|[\w/-]+\.(?:js|com)\b|quectel[\w-]*|<\/?\w+>|\b(?:AT|APN|PIN|PUK|SIM|DNS|NTP|TLS|STARTTLS|LOGIN|PLAIN|SMTP|QSMTP|PEM|README|POP3|IMAP)\b|\b\d+\b(?!-)/g;

function kept(text: string): readonly string[] {
  return [...new Set(text.match(KEPT) ?? [])];
}

describe("The languages of the package", () => {
  it("are English, German, Japanese and Chinese", () => {
    assert.deepEqual(filesIn("nodes/locales"), [
      ...TRANSLATIONS.slice(0, 1),
      ENGLISH,
      ...TRANSLATIONS.slice(1),
    ]);
  });

  it("translate words, text and hint of every error, the other hints, and every remark on a mail server", async () => {
    const keys = async (language: string): Promise<string[]> =>
      textsOf(await runtimeTexts(language)).map(([key]) => key);
    for (const language of TRANSLATIONS)
      assert.deepEqual(await keys(language), await keys(ENGLISH), language);
  });
});

for (const language of TRANSLATIONS) {
  describe(`The catalogs in ${language}`, () => {
    const pairs = new Map<string, readonly [english: string, translated: string]>();

    before(async () => {
      for (const name of catalogNames()) {
        const translated = new Map(textsOf(readCatalog(language, name)));
        for (const [key, text] of textsOf(readCatalog(ENGLISH, name))) {
          pairs.set(`${name} ${key}`, [text, translated.get(key) ?? ""]);
        }
      }
      const translated = new Map(textsOf(await runtimeTexts(language)));
      for (const [key, text] of textsOf(await runtimeTexts(ENGLISH)))
        pairs.set(key, [text, translated.get(key) ?? ""]);
    });

    for (const name of catalogNames()) {
      it(`have the keys of ${name}, in the same order`, () => {
        const keys = (of: string): string[] => textsOf(readCatalog(of, name)).map(([key]) => key);
        assert.deepEqual(keys(language), keys(ENGLISH));
      });
    }

    it("leave no text empty or in English", () => {
      const same = [...NAMES, ...SAME[language]];
      for (const [key, [english, translated]] of pairs) {
        assert.notEqual(translated.trim(), "", key);
        if (!same.includes(english)) assert.notEqual(translated, english, key);
      }
    });

    it("keep placeholders, names and numbers", () => {
      for (const [key, [english, translated]] of pairs) {
        const missing = kept(english).filter((word) => !translated.includes(word));
        assert.deepEqual(missing, [], `${key}: ${translated}`);
        assert.deepEqual(
          translated.match(/__\w+__/g)?.toSorted(),
          english.match(/__\w+__/g)?.toSorted(),
          key,
        );
      }
    });

    it("end a sentence where English does", () => {
      const isSentence = (text: string): boolean => /[.。]$/.test(text);
      for (const [key, [english, translated]] of pairs) {
        if (isSentence(english)) assert(isSentence(translated), `${key}: ${translated}`);
      }
    });
  });
}

for (const language of [ENGLISH, ...TRANSLATIONS]) {
  describe(`The words of a status in ${language}`, () => {
    it("fit below a node: 20 characters at most", async () => {
      for (const [key, word] of textsOf((await runtimeTexts(language)).status)) {
        assert(word.length <= 20, `${key}: ${word}`);
      }
    });
  });
}
