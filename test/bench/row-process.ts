/**
 * Runs one row in this process and sends its figures to the parent: `row-process.ts NAME ROUNDS`.
 *
 * A process for each row, so that neither the compiled code nor the garbage of one row has a part in the next.
 */
import type { RowReport } from "./report";
import { ROWS } from "./rows";

async function report(): Promise<RowReport> {
  const [name, rounds] = process.argv.slice(2);
  const row = ROWS.find((one) => one.name === name);
  if (row === undefined) return { kind: "failed", reason: `there is no row ${name}` };
  try {
    return { kind: "figures", figures: await row.measure(Number(rounds)) };
  } catch (error) {
    return {
      kind: "failed",
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

void report().then((result) => process.send?.(result, () => process.exit()));
