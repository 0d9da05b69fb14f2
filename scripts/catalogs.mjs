// Makes the catalogs that the editor loads from the files below nodes/locales.
//
// What the runtime says stands in tables of the code in English, and in runtime.json of each other language, by the
// same keys: `status` (words of the nodes' statuses, by state or code of an error), `errors` (what happened, by code),
// `hints` (what to do, by code, and by name for special circumstances) and `remarks` (on mail servers, by provider),
// `findings` (of Test modem, by name). All of them become part of the modem's catalog: a text with its hint as two lines under one
// key, and the words of a status each under its English form, because that is by what the editor's code looks for them; in English
// such a word says itself.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const RUNTIME = "runtime.json";
/** Holds what the dialogs and the sidebar share. */
const SHARED = "quectel-modem.json";

/** What the runtime says in English. @param root of the compiled code */
export function englishTexts(root) {
  const load = createRequire(join(root, "x.js"));
  const { ERROR_TABLE, SPECIAL_HINTS } = load("./lib/error-table/index.js");
  const { PROVIDERS } = load("./lib/mail/providers/providers.js");
  const { STATUS_WORDS } = load("./nodes/runtime/status/status-words.js");
  const { FINDINGS } = load("./lib/quectel/diagnosis/findings.js");
  return textsOf(ERROR_TABLE, SPECIAL_HINTS, PROVIDERS, STATUS_WORDS, FINDINGS);
}

/** The same from the tables themselves. */
export function textsOf(errors, specialHints, providers, statusWords, findings) {
  const rows = Object.entries(errors);
  return {
    status: statusWords,
    errors: Object.fromEntries(rows.map(([code, { text }]) => [code, text])),
    hints: { ...Object.fromEntries(rows.map(([code, { hint }]) => [code, hint])), ...specialHints },
    remarks: Object.fromEntries(providers.map(({ id, remark }) => [id, remark])),
    findings,
  };
}

/** Names of the catalogs of a language's folder. */
export function catalogNames(folder) {
  return readdirSync(folder).filter((name) => name.endsWith(".json") && name !== RUNTIME);
}

/** Names of the files of a language's folder that are only part of catalogs. */
export function partNames(folder) {
  return existsSync(join(folder, RUNTIME)) ? [RUNTIME] : [];
}

/** The catalog `name` of a language's folder, complete. A text that has no translation stays English. */
export function catalogOf(folder, name, english) {
  const read = (file) => JSON.parse(readFileSync(join(folder, file), "utf8"));
  const translated = partNames(folder).length === 0 ? {} : read(RUNTIME);
  if (name !== SHARED) return read(name);
  const words = Object.entries(english.status).map(([key, word]) => [word, translated.status?.[key] ?? word]);
  const status = Object.fromEntries(words.filter(([word, shown]) => shown !== word));
  const part = (of) => ({ ...english[of], ...translated[of] });
  const [texts, hints, remarks] = ["errors", "hints", "remarks"].map((of) => eachOnce(part(of)));
  const errors = Object.fromEntries(
    Object.keys({ ...texts, ...hints }).map((key) => [key, `${texts[key] ?? ""}\n${hints[key] ?? ""}`]),
  );
  return { ...status, ...read(name), errors, remarks, findings: part("findings") };
}

/** Many errors have the same hint: from the second on, its name is told instead, as `=<key>` (editor/shared/explain.ts). */
function eachOnce(texts) {
  const first = new Map();
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => {
      if (first.has(text)) return [key, `=${first.get(text)}`];
      first.set(text, key);
      return [key, text];
    }),
  );
}
