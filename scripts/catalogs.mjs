// Makes the catalogs that the editor loads from the files below nodes/locales:
//
//   status.json     the words of the nodes' statuses, into the catalog of every node, because the editor looks there
//   sentences.json  what else the runtime says, into the modem's catalog; the key is the English sentence, so that a
//                   translation cannot outlive it. The sentences of the error tables become `errors.<CODE>` (what
//                   happened) and `hints.<CODE>` (what to do), and `hints.<name>` for special circumstances.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PARTS = ["status.json", "sentences.json"];
/** Holds what the dialogs and the sidebar share. */
const SHARED = "quectel-modem.json";

/** Names of the catalogs of a language's folder. */
export function catalogNames(folder) {
  return readdirSync(folder).filter((name) => name.endsWith(".json") && !PARTS.includes(name));
}

/** Names of the files of a language's folder that are only part of catalogs. */
export function partNames(folder) {
  return PARTS.filter((name) => existsSync(join(folder, name)));
}

/** The catalog `name` of a language's folder, complete. */
export function catalogOf(folder, name, { errors, specialHints }) {
  const read = (file) => JSON.parse(readFileSync(join(folder, file), "utf8"));
  const part = (file) => (existsSync(join(folder, file)) ? read(file) : {});
  const catalog = { ...part("status.json"), ...read(name) };
  if (name !== SHARED) return catalog;

  const sentences = part("sentences.json");
  const rows = Object.entries(errors);
  const texts = Object.fromEntries(rows.map(([code, { text }]) => [code, text]));
  const hints = { ...Object.fromEntries(rows.map(([code, { hint }]) => [code, hint])), ...specialHints };
  const inTables = new Set([...Object.values(texts), ...Object.values(hints)]);
  const others = Object.entries(sentences).filter(([english]) => !inTables.has(english));
  return {
    ...Object.fromEntries(others),
    ...catalog,
    errors: translated(texts, sentences),
    hints: translated(hints, sentences),
  };
}

function translated(texts, sentences) {
  return Object.fromEntries(
    Object.entries(texts).map(([key, english]) => [key, sentences[english] ?? english]),
  );
}
