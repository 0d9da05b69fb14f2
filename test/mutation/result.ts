/** What a mutation run found, out of the report that Stryker writes (mutation testing report schema 2). */

/** Figures of one area. */
export interface AreaResult {
  readonly name: string;
  readonly folders: readonly Figures[];
  /** Percent that was noticed. */
  readonly score: number;
  readonly survivors: readonly string[];
}

/** Mutants of one folder by their end. */
export interface Figures {
  readonly folder: string;
  readonly killed: number;
  readonly timeout: number;
  /** Reached by no test of the area, or noticed by none of those that reach it. */
  readonly survived: number;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

/** The figures of an area in its `report`. */
export function readResult(name: string, report: Report): AreaResult {
  const folders = new Map<string, Figures>();
  const survivors: string[] = [];
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    const folder = file.slice(0, file.lastIndexOf("/"));
    const before = folders.get(folder) ?? { folder, killed: 0, timeout: 0, survived: 0 };
    const survived = mutants.filter(({ status }) => status === "Survived" || status === "NoCoverage");
    folders.set(folder, {
      folder,
      killed: before.killed + count(mutants, "Killed"),
      timeout: before.timeout + count(mutants, "Timeout"),
      survived: before.survived + survived.length,
    });
    survivors.push(...survived.map((mutant) => survivorLine(file, source, mutant)));
  }
  const all = [...folders.values()];
  return { name, folders: all, score: scoreOf(all), survivors };
}

/** A line for each mutant that no test noticed. */
export function survivorLines(result: AreaResult): string {
  return result.survivors.join("\n");
}

/** Table of the figures, in Markdown. */
export function tableOf(results: readonly AreaResult[]): string {
  const rows = results.flatMap(({ folders }) =>
    folders.map((figures) => [figures.folder, [figures]] as const),
  );
  const all = results.flatMap(({ folders }) => folders);
  return [
    "| folder | killed | timeout | survived | score |",
    "|---|--:|--:|--:|--:|",
    ...[...rows, ["all", all] as const].map(
      ([folder, part]) =>
        `| ${folder} | ${sum(part, "killed")} | ${sum(part, "timeout")} | ${sum(part, "survived")} | ${scoreOf(part).toFixed(1)} % |`,
    ),
  ].join("\n");
}

function scoreOf(part: readonly Figures[]): number {
  const noticed = sum(part, "killed") + sum(part, "timeout");
  const all = noticed + sum(part, "survived");
  return all === 0 ? 100 : (100 * noticed) / all;
}

function sum(part: readonly Figures[], of: "killed" | "timeout" | "survived"): number {
  return part.reduce((total, figures) => total + figures[of], 0);
}

function count(mutants: readonly Mutant[], status: string): number {
  return mutants.filter((mutant) => mutant.status === status).length;
}

/** Where the mutant is, what stood there and what stands there now, in one line. */
function survivorLine(file: string, source: string, mutant: Mutant): string {
  const { start, end } = mutant.location;
  const lines = source.split("\n").slice(start.line - 1, end.line);
  const first = lines[0] ?? "";
  const text =
    lines.length === 1
      ? first.slice(start.column - 1, end.column - 1)
      : `${first.slice(start.column - 1)} ...`;
  const now = (mutant.replacement ?? "").replaceAll(/\s+/g, " ").slice(0, 100);
  const reach = mutant.status === "NoCoverage" ? " (reached by no test)" : "";
  return `${file}:${start.line} ${mutant.mutatorName}${reach}: ${text} -> ${now}`;
}
