/** What a mutation run found, out of the report that Stryker writes (mutation testing report schema 2). */

/** Figures of one area. */
export interface AreaResult {
  readonly folders: readonly Figures[];
  readonly survivors: readonly string[];
}

/** Mutants of one folder by their end. */
export interface Figures {
  readonly folder: string;
  /** A test failed by what it asserts. */
  readonly killed: number;
  /** A test, or the whole run, did not end in time. */
  readonly overtime: number;
  /** Reached by no test of the area, or noticed by none of those that reach it. */
  readonly survived: number;
  /** Not tried: runs once, when its file is loaded. */
  readonly ignored: number;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly statusReason?: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

/** What mocha says of a test that did not end. */
const TEST_OVERTIME = /Timeout of \d+ms exceeded/;

/** The figures of an area in its `report`. */
export function readResult(report: Report): AreaResult {
  const folders = new Map<string, Figures>();
  const survivors: string[] = [];
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    const folder = file.slice(0, file.lastIndexOf("/"));
    const before = folders.get(folder) ?? { folder, killed: 0, overtime: 0, survived: 0, ignored: 0 };
    const survived = mutants.filter(({ status }) => status === "Survived" || status === "NoCoverage");
    const overtime = mutants.filter(isOvertime).length;
    folders.set(folder, {
      folder,
      killed: before.killed + count(mutants, "Killed") + count(mutants, "Timeout") - overtime,
      overtime: before.overtime + overtime,
      survived: before.survived + survived.length,
      ignored: before.ignored + count(mutants, "Ignored"),
    });
    survivors.push(...survived.map((mutant) => survivorLine(file, source, mutant)));
  }
  return { folders: [...folders.values()].filter((figures) => tried([figures]) > 0), survivors };
}

/** A line for each mutant that no test noticed. */
export function survivorLines(result: AreaResult): string {
  return result.survivors.join("\n");
}

/** Table of the figures, in Markdown. */
export function tableOf(results: readonly AreaResult[]): string {
  const all = results.flatMap(({ folders }) => folders);
  const rows = all.map((figures) => [figures.folder, [figures]] as const);
  return [
    "| folder | mutants | killed | by time | survived | noticed | not tried |",
    "|---|--:|--:|--:|--:|--:|--:|",
    ...[...rows, ["all", all] as const].map(([folder, part]) => {
      const { killed, overtime, survived, ignored } = sum(part);
      return `| ${folder} | ${tried(part)} | ${killed} | ${overtime} | ${survived} | ${scoreOf(part).toFixed(1)} % | ${ignored} |`;
    }),
  ].join("\n");
}

/** Percent of the mutants that a test noticed. */
export function scoreOf(part: readonly Figures[]): number {
  const { killed, overtime } = sum(part);
  const all = tried(part);
  return all === 0 ? 100 : (100 * (killed + overtime)) / all;
}

function tried(part: readonly Figures[]): number {
  const { killed, overtime, survived } = sum(part);
  return killed + overtime + survived;
}

function sum(part: readonly Figures[]): Omit<Figures, "folder"> {
  const total = (of: Exclude<keyof Figures, "folder">): number =>
    part.reduce((before, figures) => before + figures[of], 0);
  return {
    killed: total("killed"),
    overtime: total("overtime"),
    survived: total("survived"),
    ignored: total("ignored"),
  };
}

function isOvertime({ status, statusReason }: Mutant): boolean {
  return status === "Timeout" || (status === "Killed" && TEST_OVERTIME.test(statusReason ?? ""));
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
