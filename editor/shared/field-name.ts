/**
 * The field of the modem's dialog that an error is about, in the language of the person who looks.
 *
 * The runtime names it in English where the particulars begin: `: "Server" on the Mail server tab is empty`
 * (nodes/runtime/settings/field-names.ts). A label is looked for among the English ones; fields of one label have one
 * translation, which a test of the catalogs holds.
 */

/** All texts below a key of the catalog of quectel-modem. */
type GroupOf = (key: string, language?: string) => Readonly<Record<string, string>>;

/** The label of a field and its tab as a sentence names both. */
type Named = (label: string, tab: string) => string;

const OPENING = ': "';
const BETWEEN = '" on the ';
const CLOSING = " tab";

/** The same text with the field in the words of `groupOf`; what it does not know stays as it is. */
export function withShownField(text: string, groupOf: GroupOf, named: Named): string {
  const labelEnd = text.indexOf(BETWEEN, OPENING.length);
  const tabEnd = labelEnd === -1 ? -1 : text.indexOf(CLOSING, labelEnd + BETWEEN.length);
  if (!text.startsWith(OPENING) || tabEnd === -1) return text;
  const shown = (part: string, english: string): string | undefined => {
    const key = Object.entries(groupOf(part, "en-US")).find(([, known]) => known === english)?.[0];
    return key === undefined ? undefined : groupOf(part)[key];
  };
  const label = shown("label", text.slice(OPENING.length, labelEnd));
  const tab = shown("tab", text.slice(labelEnd + BETWEEN.length, tabEnd));
  if (label === undefined || tab === undefined) return text;
  return `: ${named(label, tab)}${text.slice(tabEnd + CLOSING.length)}`;
}
