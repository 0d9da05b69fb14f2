/** Place: the folder and file name of a mail's record; both say what a start must know without reading it. */

/** Where the record of a mail lies. */
export type Place =
  | { readonly folder: "queue" }
  | { readonly folder: "sending"; readonly transaction: number }
  /** `since`: seconds of running time. `bytes`: on the disk, attachments included. */
  | { readonly folder: "failed"; readonly since: number; readonly bytes: number };

export interface Found {
  readonly id: string;
  readonly place: Place;
}

/** Name of the file within the folder of its place. */
export function fileName(id: string, place: Place): string {
  switch (place.folder) {
    case "queue":
      return `${id}.json`;
    case "sending":
      return `${id}.${place.transaction}.json`;
    case "failed":
      return `${id}.${place.since}.${place.bytes}.json`;
  }
}

/** Id of the mail that a file of any folder belongs to. */
export function idOf(name: string): string {
  return name.split(".")[0] ?? name;
}

/** Undefined for a file that is not ours. */
export function parseName(folder: Place["folder"], name: string): Found | undefined {
  const match = /^([a-z0-9-]+)(?:\.(\d+))?(?:\.(\d+))?\.json$/.exec(name);
  if (match?.[1] === undefined) return undefined;
  const [, id, first, second] = match;
  switch (folder) {
    case "queue":
      return first === undefined ? { id, place: { folder } } : undefined;
    case "sending":
      return first === undefined ? undefined : { id, place: { folder, transaction: Number(first) } };
    case "failed":
      if (first === undefined || second === undefined) return undefined;
      return { id, place: { folder, since: Number(first), bytes: Number(second) } };
  }
}
