export type Catalog = Readonly<Record<string, unknown>>;
type Texts = Readonly<Record<string, string>>;

/** What the runtime says, by key. */
export interface RuntimeTexts {
  readonly status: Texts;
  readonly errors: Texts;
  readonly hints: Texts;
  readonly remarks: Texts;
  readonly findings: Texts;
}

/** What the runtime says in English. @param root of the compiled code */
export function englishTexts(root: string): RuntimeTexts;
/** The same from the tables themselves. */
export function textsOf(
  errors: Readonly<Record<string, { readonly text: string; readonly hint: string }>>,
  specialHints: Texts,
  providers: readonly { readonly id: string; readonly remark: string }[],
  statusWords: Texts,
  findings: Texts,
): RuntimeTexts;
/** Names of the catalogs of a language's folder. */
export function catalogNames(folder: string): string[];
/** Names of the files of a language's folder that are only part of catalogs. */
export function partNames(folder: string): string[];
/** The catalog `name` of a language's folder, complete. A text that has no translation stays English. */
export function catalogOf(folder: string, name: string, english: RuntimeTexts): Catalog;
