/** Another name for a file whose name is taken: `log.csv`, `log-2.csv`, `log-3.csv`. */

/** Longest name in bytes (Quectel FILE AT Commands Manual). */
const LONGEST = 80;

/** `name` with a number before its last extension, cut to 80 bytes. */
export function alternativeName(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  const suffix = `-${number}${extension}`;
  return `${stem.slice(0, Math.max(1, LONGEST - suffix.length))}${suffix}`.slice(0, LONGEST);
}
