#!/usr/bin/env node
/** The program `quectel-modem-simulator`: the simulated EC25 behind a pseudo-terminal or a TCP port. */
import { help, parseCommandLine, type CliOptions, type Service } from "./serve/cli-options";
import { traceLine } from "./serve/cli-trace";
import { internet } from "./delivery/internet";
import { SimulatedModem } from "./modem";
import { servePty } from "./serve/pty-server";
import { randomFaults } from "./faults/random-faults";
import type { ServedPort } from "./serve/served-modem";
import { serveTcp } from "./serve/tcp-server";
import { listVariants } from "./variants/variants";
import { simCard } from "./module/world";

/** Bytes over which `--faults` spreads its three faults, each direction. */
const faultSpan = 5000;

async function main(args: readonly string[]): Promise<void> {
  const options = parseCommandLine(args);
  switch (options.kind) {
    case "help":
      process.stdout.write(help);
      return;
    case "listVariants":
      process.stdout.write(listVariants());
      return;
    case "run":
      await run(options);
  }
}

async function run(options: Extract<CliOptions, { kind: "run" }>): Promise<void> {
  const modem = new SimulatedModem({ variants: options.variants, timing: options.timing });
  modem.state(simCard).pin = options.pin;
  Object.assign(modem.state(internet), { hosts: options.hosts, loopbackOnly: options.loopbackOnly });
  if (options.faultSeed !== undefined) {
    modem.faults.set(randomFaults({ seed: options.faultSeed, faults: 3, bytes: faultSpan }));
  }
  if (options.trace) {
    modem.log.follow((entry) => {
      const line = traceLine(entry);
      if (line !== undefined) process.stdout.write(`${line}\n`);
    });
  }
  modem.restart("powerLoss");
  const served: ServedPort[] = [];
  try {
    for (const service of options.services) {
      const port = await serve(modem, service);
      served.push(port);
      process.stdout.write(`${service.portName}: ${port.address}\n`);
    }
    await stopSignal();
  } finally {
    // Without power no timer of the module keeps the process alive.
    modem.powerOff();
    await Promise.all(served.map((port) => port.close()));
  }
}

function serve(modem: SimulatedModem, service: Service): Promise<ServedPort> {
  switch (service.kind) {
    case "pty":
      return servePty(modem, service.path, service.portName);
    case "tcp":
      return serveTcp(modem, service);
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(
    `quectel-modem-simulator: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 2;
});
