#!/usr/bin/env node
/** The program `quectel-modem-facts`: asks a real module every open point, prints and records the answers. */
import { readFile, writeFile } from "node:fs/promises";
import { systemClock } from "../clock";
import { SerialTransport } from "../serial/serial-transport";
import { TcpTransport } from "../serial/tcp-transport";
import { Trace } from "../serial/trace";
import type { TransportFactory } from "../serial/transport";
import { askFacts, type FactsReport, type MailSample } from "./index";
import {
  help,
  parseCommandLine,
  parseMailSample,
  type FactsCliOptions,
  type FactsService,
} from "./cli-options";
import { Link } from "./link";
import { reportText } from "./report-text";

/** Characters; a whole run has about a tenth. */
const TRACE_LIMIT = 8 * 1024 * 1024;

const EXIT = { complete: 0, ended: 1, nothingAsked: 2, notRestored: 3 } as const;

type Run = Extract<FactsCliOptions, { kind: "run" }>;

async function main(args: readonly string[]): Promise<number> {
  const options = parseCommandLine(args);
  if (options.kind === "help") {
    process.stdout.write(help);
    return EXIT.complete;
  }
  const send = options.send === undefined ? undefined : parseMailSample(await readFile(options.send, "utf8"));
  const trace = new Trace(systemClock, TRACE_LIMIT);
  const link = await Link.open(transportOf(options.service), systemClock, trace);
  let report: FactsReport;
  try {
    report = await ask(link, trace, options, send);
  } finally {
    await link.close();
  }
  if (options.out !== undefined) await writeFile(options.out, report.transcript ?? "", "latin1");
  process.stdout.write(options.form === "json" ? reportJson(report) : reportText(report));
  return exitCode(report);
}

function ask(link: Link, trace: Trace, options: Run, send: MailSample | undefined): Promise<FactsReport> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      tell("stopping; what was changed is put back (Ctrl-C again ends at once)");
      stop.abort();
    });
  }
  return askFacts(link, {
    clock: systemClock,
    signal: stop.signal,
    trace,
    send,
    ...(options.connect === undefined
      ? {}
      : { connect: { contextId: 1, ...options.connect }, fill: "allowed" as const }),
    ...(options.restart === "allowed" ? { restart: () => link.restart() } : {}),
    onNotice: tell,
    onFact: ({ id, answer }) => tell(`${id}: ${answer.kind === "known" ? answer.value : answer.why}`),
  });
}

function transportOf(service: FactsService): TransportFactory {
  switch (service.kind) {
    case "serial":
      return () =>
        new SerialTransport({
          path: service.path,
          baudRate: service.baudRate,
          flowControl: "none",
          dtr: "leave",
          rts: "leave",
        });
    case "tcp":
      return () => new TcpTransport({ host: service.host, port: service.port });
  }
}

/** The dialogue has a file of its own. */
function reportJson(report: FactsReport): string {
  return `${JSON.stringify({ ...report, transcript: undefined }, undefined, 2)}\n`;
}

function exitCode({ end, notRestored }: FactsReport): number {
  if (notRestored.length > 0) return EXIT.notRestored;
  return end.kind === "complete" ? EXIT.complete : EXIT.ended;
}

/** On stderr, so that the answers alone are on stdout. */
function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    tell(`quectel-modem-facts: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = EXIT.nothingAsked;
  },
);
