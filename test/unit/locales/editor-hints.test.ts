/** What `editor/explain.ts` makes of the runtime's errors, with the editor's own translator and the built catalogs. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { runInNewContext } from "node:vm";
import { ERROR_TABLE, SPECIAL_HINTS } from "../../../lib/errors";
import { PROVIDERS } from "../../../lib/mail/providers/providers";
import type { RuntimeTexts } from "../../../scripts/catalogs.mjs";
import { readText } from "../../support/editor-files";
import { ENGLISH, runtimeTexts, TRANSLATIONS } from "./languages";

const ROOT = resolve(__dirname, "../../..");
const NAMESPACE = "@modem-mail/node-red-quectel-smtp/quectel-modem";

interface Explained {
  readonly message?: string;
  readonly hint?: string;
}

interface Hints {
  explain(error: { code?: string; message?: string; hint?: string; hintKey?: string }): Explained;
  providerRemark(provider: { id: string; remark: string }): string;
}

interface Translator {
  init(options: object): Promise<unknown>;
  addResourceBundle(language: string, namespace: string, catalog: object): void;
  t(key: string, options: object): string;
}

/** The functions as an editor in this language has them. */
async function hintsIn(language: string): Promise<Hints> {
  const { catalogOf } = await import("../../../scripts/catalogs.mjs");
  const i18next: { createInstance(): Translator } = createRequire(require.resolve("@node-red/util"))(
    "i18next",
  );
  const translator = i18next.createInstance();
  // As the editor sets its translator up (RED.i18n.init).
  await translator.init({
    showSupportNotice: false,
    lng: language,
    fallbackLng: [ENGLISH],
    returnObjects: true,
    keySeparator: ".",
    nsSeparator: ":",
    interpolation: { unescapeSuffix: "HTML", escapeValue: false, prefix: "__", suffix: "__" },
  });
  const english = await runtimeTexts(ENGLISH);
  for (const one of new Set([language, ENGLISH])) {
    const catalog = catalogOf(resolve(ROOT, "nodes/locales", one), "quectel-modem.json", english);
    translator.addResourceBundle(one, NAMESPACE, catalog);
  }
  const red = { _: (key: string, options: object) => translator.t(key, options) };
  return runInNewContext(`${readText("resources/dialogs.js")}; quectelMail`, { RED: red }) as Hints;
}

for (const language of TRANSLATIONS) {
  describe(`An error in an editor in ${language}`, () => {
    let texts: RuntimeTexts;
    let hints: Hints;

    before(async () => {
      texts = await runtimeTexts(language);
      hints = await hintsIn(language);
    });

    it("is explained by its code, and its detail stays", () => {
      for (const [code, { text, hint }] of Object.entries(ERROR_TABLE)) {
        const expected = { message: texts.errors[code] ?? "", hint: texts.hints[code] ?? "" };
        assert.deepEqual({ ...hints.explain({ code }) }, expected);
        assert.deepEqual(
          { ...hints.explain({ code, message: `${text}: /dev/ttyUSB2`, hint }) },
          { ...expected, message: `${expected.message}: /dev/ttyUSB2` },
        );
      }
    });

    it("has the hint for its circumstances where it has one", () => {
      for (const [hintKey, hint] of Object.entries(SPECIAL_HINTS)) {
        assert.equal(hints.explain({ code: "MODEM_DEAD", hint, hintKey }).hint, texts.hints[hintKey]);
      }
    });

    it("keeps a message and a hint that are not known, also without a code", () => {
      for (const code of ["MODEM_DEAD", "ERROR_OF_A_LATER_VERSION"]) {
        const unknown = { code, message: "No such thing", hint: "Do this: look it up. Then do that." };
        assert.deepEqual({ ...hints.explain(unknown) }, { message: unknown.message, hint: unknown.hint });
      }
      assert.deepEqual(
        { ...hints.explain({ message: "a: b.c", hint: "d" }) },
        { message: "a: b.c", hint: "d" },
      );
    });

    it("goes with a remark on a mail server that is translated too", () => {
      for (const provider of PROVIDERS) {
        assert.equal(hints.providerRemark(provider), texts.remarks[provider.id]);
      }
      assert.equal(hints.providerRemark({ id: "ofALaterVersion", remark: "Ask: a.b" }), "Ask: a.b");
    });
  });
}

describe("An error in an editor in English", () => {
  it("is explained in the words of the runtime", async () => {
    const hints = await hintsIn(ENGLISH);
    for (const [code, { text, hint }] of Object.entries(ERROR_TABLE)) {
      assert.deepEqual({ ...hints.explain({ code }) }, { message: text, hint });
    }
    for (const provider of PROVIDERS) assert.equal(hints.providerRemark(provider), provider.remark);
  });
});
