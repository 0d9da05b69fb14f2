/**
 * The status of a node in the language of the person who looks.
 *
 * Node-RED looks for the whole text in the node's catalog. So each word is looked for alone, with its figures taken out, in the
 * one catalog that has the words of all nodes (explain.ts). What the runtime sends, and so what Status nodes receive, stays as it is.
 */

/** A text of a catalog, or the key itself. */
type Lookup = (key: string, values: { readonly defaultValue: string }) => string;

/** Numbers and times of day. */
const FIGURES = /\d+(?:[.:]\d+)*/g;

/** @param text of nodes/runtime/status/status.ts */
export function statusText(text: string, lookup: Lookup): string {
  const [, simulated = "", rest = text] = /^(SIMULATED) (.*)$/.exec(text) ?? [];
  const parts = rest.split(" · ").map((part) => wordOf(part, lookup));
  return [...(simulated === "" ? [] : [wordOf(simulated, lookup)]), parts.join(" · ")].join(" ");
}

function wordOf(part: string, lookup: Lookup): string {
  const figures = part.match(FIGURES) ?? [];
  const key = part.replace(FIGURES, "#");
  const left = [...figures];
  return lookup(key, { defaultValue: key }).replaceAll("#", () => left.shift() ?? "#");
}
