/** What Test modem finds, in the editor's language: every text of the runtime comes out translated, with its values. */
import assert from "node:assert/strict";
import { findingText } from "../../editor/shared/finding-text";
import { FINDINGS, found } from "../../lib/quectel/diagnosis/findings";
import { readJson } from "../support/editor-files";
import { TRANSLATIONS } from "./locales/languages";

/** Values that look like parts of other texts. */
const VALUES = {
  host: "smtp.example.com",
  address: "192.0.2.1",
  apn: "internet is active with",
  port: 465,
};

function valuesOf(template: string): Readonly<Record<string, string | number>> {
  const names = [...template.matchAll(/__(\w+?)__/g)].map(([, name = ""]) => name);
  const known: Readonly<Record<string, string | number>> = VALUES;
  return Object.fromEntries(names.map((name) => [name, known[name] ?? `<${name}>`]));
}

for (const language of TRANSLATIONS) {
  describe(`What a connection test finds, in ${language}`, () => {
    const translated: Readonly<Record<string, string>> = readJson(
      `nodes/locales/${language}/runtime.json`,
    ).findings;

    for (const [key, template] of Object.entries(FINDINGS)) {
      it(`is translated with its values: ${template}`, () => {
        const values = valuesOf(template);
        const text = findingText(found(key as keyof typeof FINDINGS, values), FINDINGS, translated);
        assert.notEqual(text, found(key as keyof typeof FINDINGS, values));
        const expected = (translated[key] ?? "").replaceAll(/__(\w+?)__/g, (_place, name: string) =>
          String(values[name]),
        );
        assert.equal(text, expected);
      });
    }

    it("stays as it is where no text fits", () => {
      for (const detail of ["", "-71 dBm", "12 s", "a firmware of a later version"]) {
        assert.equal(findingText(detail, FINDINGS, translated), detail);
      }
    });
  });
}
