/** The languages of the package and their catalogs as data, for the tests that compare them. */
import { filesIn, readJson } from "../../support/editor-files";

export const ENGLISH = "en-US";
export const TRANSLATIONS = ["de", "ja", "zh-CN"] as const;
export type Translation = (typeof TRANSLATIONS)[number];

/** The texts of a catalog by their full keys, such as `label.name`, in the order of the file. */
export function textsOf(catalog: object, prefix = ""): [key: string, text: string][] {
  return Object.entries(catalog).flatMap(([key, value]: [string, unknown]): [string, string][] =>
    typeof value === "object" && value !== null
      ? textsOf(value, `${prefix}${key}.`)
      : [[`${prefix}${key}`, String(value)]],
  );
}

/** Names of the catalogs that English has as files, and every translation must have. */
export function catalogNames(): readonly string[] {
  return filesIn(`nodes/locales/${ENGLISH}`).filter((name) => name.endsWith(".json"));
}

export function readCatalog(language: string, name: string): object {
  return readJson(`nodes/locales/${language}/${name}`);
}

/** The translated sentences of the runtime by their English form. */
export function readSentences(language: Translation): Readonly<Record<string, string>> {
  return readJson(`nodes/locales/${language}/sentences.json`);
}
