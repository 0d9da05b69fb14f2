/** `lib/clock.ts SystemClock` to the names of its private fields. */
export type PrivateFields = ReadonlyMap<string, ReadonlySet<string>>;

export function privateFields(root: string): PrivateFields;

export function shortened(
  code: string,
  privates: PrivateFields,
  short: Map<string, string>,
): { readonly contents: string; readonly names: readonly string[]; readonly isLong: boolean };
