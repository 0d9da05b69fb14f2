export type Catalog = Readonly<Record<string, unknown>>;

/** The English sentences of the runtime. */
export interface Tables {
  /** The rows of the error table by code. */
  readonly errors: Readonly<Record<string, { readonly text: string; readonly hint: string }>>;
  /** Hints for special circumstances by name. */
  readonly specialHints: Readonly<Record<string, string>>;
}

/** Names of the catalogs of a language's folder. */
export function catalogNames(folder: string): string[];
/** Names of the files of a language's folder that are only part of catalogs. */
export function partNames(folder: string): string[];
/** The catalog `name` of a language's folder, complete. */
export function catalogOf(folder: string, name: string, tables: Tables): Catalog;
