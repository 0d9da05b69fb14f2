/** The languages of the package and their catalogs as data, for the tests that compare them. */
import { ERROR_TABLE, SPECIAL_HINTS } from "../../../lib/errors";
import { PROVIDERS } from "../../../lib/mail/providers/providers";
import { FINDINGS } from "../../../lib/quectel/diagnosis/findings";
import { STATUS_WORDS } from "../../../nodes/runtime/status/status-words";
import type { RuntimeTexts } from "../../../scripts/catalogs.mjs";
import { filesIn, readJson, readText } from "../../support/editor-files";

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

/** The help of all nodes in pieces that a reader sees apart, such as paragraphs and entries, each with its file. */
export function helpBlocks(language: string): [name: string, html: string][] {
  const folder = `nodes/locales/${language}`;
  return filesIn(folder)
    .filter((name) => name.endsWith(".html"))
    .flatMap((name) =>
      readText(`${folder}/${name}`)
        .split(/<\/?(?:script|p|h\d|dl|dt|dd|ol|ul|li)\b[^>]*>/)
        .filter((block) => block.trim() !== "")
        .map((block): [string, string] => [name, block]),
    );
}

/** What the runtime says, in English or translated. */
export async function runtimeTexts(language: string): Promise<RuntimeTexts> {
  if (language !== ENGLISH) return readJson(`nodes/locales/${language}/runtime.json`);
  const { textsOf: tables } = await import("../../../scripts/catalogs.mjs");
  return tables(ERROR_TABLE, SPECIAL_HINTS, PROVIDERS, STATUS_WORDS, FINDINGS);
}
