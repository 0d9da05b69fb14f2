/** Report: what became of one row, and what that makes of the run. */
import { type Figure, verdict } from "./figure";

export type RowReport =
  | { readonly kind: "figures"; readonly figures: readonly Figure[] }
  | { readonly kind: "failed"; readonly reason: string };

/** Of the process: 1 when a goal is missed, a row could not be measured, or measured nothing. */
export function exitCode(reports: readonly RowReport[]): 0 | 1 {
  const isGood = (report: RowReport): boolean =>
    report.kind === "figures" &&
    report.figures.length > 0 &&
    report.figures.every((figure) => verdict(figure) !== "missed");
  return reports.every(isGood) ? 0 : 1;
}
