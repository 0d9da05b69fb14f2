/**
 * What the package costs a runtime in which nothing happens: memory and processor time, at the start and after it, that a Node-RED
 * with one modem on a serial port takes more than the same Node-RED without the package.
 */
import { join } from "node:path";
import { delay, systemClock } from "../../../lib/clock";
import { startSimulatorOnPty } from "../../support/simulator-process";
import { inRounds, type Row } from "../row";
import { withFolder } from "../support/disk-outbox";
import { type MeasuredNodeRed, startMeasured } from "../support/node-red-at-rest";

/**
 * Milliseconds in which the modem becomes ready and Node.js has tidied up after the start (some 200 ms of processor
 * time, about 15 s after it), and in which the processor time is taken.
 */
const SETTLING = 22_000;
const WINDOW = 10_000;

const TAB = { id: "tab", type: "tab", label: "Alerts" };
const INJECT = {
  id: "in",
  type: "inject",
  z: "tab",
  x: 100,
  y: 100,
  props: [{ p: "payload" }],
  once: false,
  wires: [[]],
};

export const atRest: Row = {
  name: "at-rest",
  about:
    "Node-RED with one modem on a pseudo terminal against Node-RED without the package, started in turn: processor time until flows run, and over 10 s without mail, then memory after garbage collections.",
  measure: (rounds) =>
    withFolder(async (folder) => {
      const pty = join(folder, "ttyUSB2");
      const simulator = await startSimulatorOnPty(pty, ["--fast"]);
      const results = await inRounds(rounds, () => compare(folder, pty)).finally(() => void simulator.stop());
      return [
        {
          what: "memory added to the runtime (RSS)",
          unit: "MB",
          samples: results.map(({ own, bare }) => (own.rss - bare.rss) / 1e6),
          goal: { kind: "below", limit: 15 },
        },
        {
          what: "of these, JavaScript objects",
          unit: "MB",
          samples: results.map(({ own, bare }) => (own.heapUsed - bare.heapUsed) / 1e6),
        },
        {
          what: "processor time added to the runtime at rest",
          unit: "%",
          samples: results.map(({ own, bare }) => own.cpuShare - bare.cpuShare),
          goal: { kind: "below", limit: 0.2 },
        },
        {
          what: "processor time added to the start of Node-RED",
          unit: "ms",
          samples: results.map(({ own, bare }) => own.startMs - bare.startMs),
        },
      ];
    }),
};

interface Cost {
  readonly startMs: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** Percent of one processor. */
  readonly cpuShare: number;
}

async function compare(folder: string, pty: string): Promise<{ readonly own: Cost; readonly bare: Cost }> {
  const bare = await startMeasured(folder, [TAB, INJECT], false);
  try {
    const own = await startMeasured(folder, ownFlow(pty), true);
    try {
      await delay(systemClock, SETTLING);
      const [ofOwn, ofBare] = await Promise.all([cost(own), cost(bare)]);
      return { own: ofOwn, bare: ofBare };
    } finally {
      await own.stop();
    }
  } finally {
    await bare.stop();
  }
}

async function cost(nodeRed: MeasuredNodeRed): Promise<Cost> {
  const before = await nodeRed.cpuMs();
  await delay(systemClock, WINDOW);
  const cpuShare = (100 * ((await nodeRed.cpuMs()) - before)) / WINDOW;
  return { startMs: nodeRed.startMs, cpuShare, ...(await nodeRed.memory()) };
}

function ownFlow(serialPort: string): object[] {
  return [
    TAB,
    { ...INJECT, wires: [["send"]] },
    {
      id: "modem",
      type: "quectel-modem",
      name: "EC25",
      transport: "serial",
      serialPort,
      smtpHost: "127.0.0.1",
      smtpPort: "25",
      smtpSecurity: "none",
      senderAddress: "pump7@example.com",
    },
    { id: "send", type: "quectel-smtp-send", z: "tab", x: 300, y: 100, modem: "modem", wires: [[], []] },
  ];
}
