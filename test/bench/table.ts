/** The figures as a table for people: for the terminal, and as Markdown for the documentation. */
import { type Figure, type Goal, timesPeer, type Verdict, verdict } from "./figure";
import { median, spread } from "./statistics";

export const COLUMNS = ["what", "measured", "spread", "goal", "peer", "peer's figure", ""] as const;

const MARKS: Readonly<Record<Verdict, string>> = { met: "met", missed: "MISSED", shown: "" };

/** One row of cells, in the order of `COLUMNS`. */
export function cells(figure: Figure): readonly string[] {
  const { what, unit, samples, goal, peer } = figure;
  return [
    what,
    measuredText(figure),
    spreadOf(samples),
    goal === undefined ? "" : goalText(goal, unit),
    peer?.name ?? "",
    peer === undefined ? "" : `${withUnit(median(peer.samples), unit)} (${spreadOf(peer.samples)})`,
    MARKS[verdict(figure)],
  ];
}

/** Aligned by blanks. */
export function plainTable(figures: readonly Figure[]): string {
  const rows = [COLUMNS, ...figures.map(cells)];
  const widths = COLUMNS.map((_name, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return lines.map((line) => line.trimEnd()).join("\n");
}

export function markdownTable(figures: readonly Figure[]): string {
  return markdown(COLUMNS, figures.map(cells));
}

/** Each figure that has a goal, in all runs side by side. @throws Error when a run lacks one. */
export function goalsTable(runs: readonly (readonly Figure[])[]): string {
  const judged = runs.map((figures) => figures.filter(({ goal }) => goal !== undefined));
  const rows = (judged[0] ?? []).map(({ what, unit, goal }) => {
    const ofRuns = judged.map((figures) => {
      const figure = figures.find((other) => other.what === what && other.unit === unit);
      if (figure === undefined) throw new Error(`one run has no figure for ${what}`);
      return `${measuredText(figure)}${verdict(figure) === "missed" ? " **missed**" : ""}`;
    });
    return [what, goal === undefined ? "" : goalText(goal, unit), ...ofRuns];
  });
  return markdown(["what", "goal", ...runs.map((_figures, run) => `run ${run + 1}`)], rows);
}

/** Shares in percent: a row for each whole, a column for each part. */
export function sharesTable(figures: readonly Figure[]): string {
  const shares = figures.flatMap(({ share, samples }) =>
    share === undefined ? [] : [{ ...share, percent: median(samples) }],
  );
  const wholes = [...new Set(shares.map(({ whole }) => whole))];
  const parts = [...new Set(shares.map(({ part }) => part))];
  const rows = wholes.map((whole) => [
    whole,
    ...parts.map((part) => {
      const found = shares.find((share) => share.whole === whole && share.part === part);
      return found === undefined ? "" : `${found.percent.toFixed(1)} %`;
    }),
  ]);
  return markdown(["", ...parts], rows);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function measuredText(figure: Figure): string {
  return withUnit(median(figure.samples), figure.unit) + ratioText(figure);
}

/** Where the goal is a multiple of the peer, the multiple measured. */
function ratioText({ samples, goal, peer }: Figure): string {
  if ((goal?.kind !== "timesPeer" && goal?.kind !== "moreThanPeer") || peer === undefined) return "";
  return ` (${shortNumber(timesPeer(samples, peer.samples))} x peer)`;
}

function goalText(goal: Goal, unit: string): string {
  switch (goal.kind) {
    case "atMost":
      return `at most ${withUnit(goal.limit, unit)}`;
    case "below":
      return `under ${withUnit(goal.limit, unit)}`;
    case "exactly":
      return withUnit(goal.value, unit);
    case "timesPeer":
      return `at most ${goal.factor} x peer`;
    case "moreThanPeer":
      return "more than peer";
  }
}

function spreadOf(samples: readonly number[]): string {
  const [low, high] = spread(samples);
  return low === high ? "none" : `${shortNumber(low)}..${shortNumber(high)}`;
}

function withUnit(value: number, unit: string): string {
  return `${shortNumber(value)}${unit === "" ? "" : ` ${unit}`}`;
}

/** Three significant digits, never an exponent. */
function shortNumber(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString("en-US", {
    minimumFractionDigits: 0,
    maximumFractionDigits: Math.min(digits, 4),
  });
}
