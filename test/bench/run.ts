/**
 * `npm run bench`: measures the rows, prints each figure beside its goal and its peer, and ends with 1 when a goal is
 * missed or a row could not be measured.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeDocumentation } from "./documentation";
import { type Figure, verdict } from "./figure";
import type { Row } from "./row";
import { ROWS } from "./rows";
import { median, spread } from "./statistics";
import { exitCode, type RowReport } from "./report";
import { plainTable } from "./table";

const HELP = `npm run bench                    measures everything
npm run bench -- NAME ...        measures these rows
npm run bench -- --list          names the rows
npm run bench -- --json          prints JSON instead of the table
npm run bench -- --rounds N      rounds, at least 5 (5)
npm run bench -- --runs N        measures all of it N times in a row (1)
npm run bench -- --write         also writes the figures of the last run and the goals of all runs into
                                 docs/performance.md`;

const FEWEST_ROUNDS = 5;

interface Measured {
  readonly row: Row;
  readonly report: RowReport;
  readonly seconds: number;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      rounds: { type: "string", default: String(FEWEST_ROUNDS) },
      runs: { type: "string", default: "1" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.list) {
    for (const row of ROWS) console.log(`${row.name.padEnd(18)}${row.about}`);
    return 0;
  }
  const rounds = wholeNumber("rounds", values.rounds, FEWEST_ROUNDS);
  const runs = wholeNumber("runs", values.runs, 1);
  if (values.write && positionals.length > 0) throw new Error("--write wants all rows");
  const rows = chosenRows(positionals);
  const measured: (readonly Measured[])[] = [];
  for (let run = 1; run <= runs; run++) {
    const title = runs === 1 ? "" : `run ${run} of ${runs}: `;
    const one = await measureAll(rows, rounds, values.json ? undefined : title);
    measured.push(one);
    if (!values.json) console.log(asText(one));
  }
  if (values.json) console.log(JSON.stringify(asJson(measured, rounds), undefined, 2));
  const reports = measured.flat().map(({ report }) => report);
  if (values.write) {
    const failed = measured.flat().find(({ report }) => report.kind === "failed");
    if (failed !== undefined)
      throw new Error(`nothing was written, because ${failed.row.name} was not measured`);
    const figures = measured.map((run) => run.flatMap(figuresOf));
    await writeDocumentation(figures, ROWS, machine());
  }
  return exitCode(reports);
}

function wholeNumber(name: string, text: string, least: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least) {
    throw new Error(`--${name} takes a whole number from ${least} on`);
  }
  return number;
}

/** @param title before the name of each row on stderr; undefined: says nothing. */
async function measureAll(
  rows: readonly Row[],
  rounds: number,
  title: string | undefined,
): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  for (const row of rows) {
    if (title !== undefined) process.stderr.write(`${title}${row.name} `);
    const one = await measure(row, rounds);
    measured.push(one);
    if (title !== undefined) process.stderr.write(`${one.seconds.toFixed(0)} s\n`);
  }
  return measured;
}

function chosenRows(names: readonly string[]): readonly Row[] {
  const unknown = names.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(", ")}; --list names them`);
  return names.length === 0 ? ROWS : ROWS.filter((row) => names.includes(row.name));
}

async function measure(row: Row, rounds: number): Promise<Measured> {
  const started = performance.now();
  const child = fork(join(__dirname, "row-process.ts"), [row.name, String(rounds)], {
    execArgv: ["--require", join(__dirname, "support/compiled.cjs"), "--import", "tsx", "--expose-gc"],
    // What a row prints must not mix with the figures.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const report = new Promise<RowReport>((resolve) => {
    child.once("message", (message) => resolve(message as RowReport));
    child.once("exit", (code) => resolve({ kind: "failed", reason: `its process ended with code ${code}` }));
  });
  const result = await report;
  if (child.exitCode === null) await once(child, "exit");
  return { row, report: result, seconds: (performance.now() - started) / 1000 };
}

function figuresOf({ report }: Measured): readonly Figure[] {
  return report.kind === "figures" ? report.figures : [];
}

function asText(measured: readonly Measured[]): string {
  const failures = measured.flatMap(({ row, report }) =>
    report.kind === "failed" ? [`${row.name} could not be measured: ${report.reason}`] : [],
  );
  return [machine(), plainTable(measured.flatMap(figuresOf)), ...failures].join("\n\n");
}

function asJson(runs: readonly (readonly Measured[])[], rounds: number): object {
  return { machine: machine(), rounds, runs: runs.map((rows) => ({ rows: rows.map(rowAsJson) })) };
}

function rowAsJson({ row, report, seconds }: Measured): object {
  if (report.kind === "failed") return { name: row.name, seconds, failed: report.reason };
  const figures = report.figures.map((figure) => ({
    ...figure,
    median: median(figure.samples),
    spread: spread(figure.samples),
    verdict: verdict(figure),
  }));
  return { name: row.name, seconds, figures };
}

function machine(): string {
  const [cpu] = cpus();
  return `Node.js ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} x ${cpu?.model.trim() ?? "CPU"}`;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
