/**
 * What a step of a connection test has found, in the language of the person who looks.
 *
 * The runtime tells it in English, made of a text of lib/quectel/diagnosis/findings.ts and its values. So that text is looked
 * for in the English catalog, the values are taken out, and put into the translation.
 */

/** Texts with `__name__` for each value, by key. */
type Templates = Readonly<Record<string, string>>;

interface Match {
  readonly key: string;
  readonly values: Readonly<Record<string, string>>;
  /** Letters of the text that are not values: of two texts that fit, the one with more says it exactly. */
  readonly fixed: number;
}

/** @returns `detail` where it is none of the English texts, or where there is no translation. */
export function findingText(detail: string, english: Templates, translated: Templates): string {
  const matches = Object.entries(english).flatMap(([key, template]) => match(detail, key, template));
  const [best] = matches.sort((a, b) => b.fixed - a.fixed);
  const text = best === undefined ? undefined : translated[best.key];
  return text?.replaceAll(/__(\w+?)__/g, (place, name: string) => best?.values[name] ?? place) ?? detail;
}

function match(detail: string, key: string, template: string): Match[] {
  // Words and names of values in turn.
  const [first = "", ...rest] = template.split(/__(\w+?)__/);
  if (!detail.startsWith(first)) return [];
  const values: Record<string, string> = {};
  let at = first.length;
  let fixed = first.length;
  for (let index = 0; index < rest.length; index += 2) {
    const [name = "", words = ""] = rest.slice(index, index + 2);
    const isLast = index + 2 >= rest.length;
    const end = isLast ? detail.length - words.length : detail.indexOf(words, at);
    if (end < at || !detail.startsWith(words, end)) return [];
    values[name] = detail.slice(at, end);
    at = end + words.length;
    fixed += words.length;
  }
  return at === detail.length ? [{ key, values, fixed }] : [];
}
