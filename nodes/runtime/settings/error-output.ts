/** Where a node reports failures: on its second output, to Catch nodes, or both. */
import type { OptionReader } from "./options";

export type ErrorTo = "both" | "output" | "catch";

export function readErrorTo(options: OptionReader): ErrorTo {
  return options.choice("errorTo", ["both", "output", "catch"], "both");
}

export function reachesOutput(errorTo: ErrorTo): boolean {
  return errorTo !== "catch";
}

export function reachesCatch(errorTo: ErrorTo): boolean {
  return errorTo !== "output";
}
