/**
 * A gateway whose line is flooded, in a process of its own: modem, outbox and trace as a modem node puts them together. It
 * tells what memory and turns of the event loop the flood has cost, and each state of the modem.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../lib/clock";
import { assemble } from "../../../nodes/runtime/modem/assembly";
import { readModemSettings } from "../../../nodes/runtime/settings/modem-settings";
import { heldMemory } from "../../support/held-memory";

export interface HostPlan {
  readonly line:
    | { readonly kind: "tcp"; readonly port: number }
    | { readonly kind: "serial"; readonly path: string };
}

export type FromHost =
  | { readonly kind: "state"; readonly name: string; readonly code: string | undefined; readonly at: number }
  | {
      readonly kind: "cost";
      readonly heap: number;
      readonly rss: number;
      readonly held: number;
      readonly longestTurn: number;
    };

/** Asks for what the flood has cost since the process was ready for the first time. */
export type ToHost = "cost" | "end";

const SAMPLE_MS = 5;

/**
 * The longest turn of the event loop in milliseconds: of the time on the wall and that of the processor the shorter, so
 * that other programs on the machine do not count.
 */
class Turns {
  longest = 0;
  private last = this.now();

  constructor() {
    setInterval(() => {
      const now = this.now();
      const turn = Math.min(now.wall - this.last.wall, now.cpu - this.last.cpu) - SAMPLE_MS;
      this.longest = Math.max(this.longest, turn);
      this.last = now;
    }, SAMPLE_MS);
  }

  private now(): { readonly wall: number; readonly cpu: number } {
    const { user, system } = process.cpuUsage();
    return { wall: performance.now(), cpu: (user + system) / 1000 };
  }
}

/** What JavaScript has taken of the system, and what the process has with its threads, in bytes. */
function memory(): { readonly heap: number; readonly rss: number } {
  const { heapTotal, external, rss } = process.memoryUsage();
  return { heap: heapTotal + external, rss };
}

function larger(one: ReturnType<typeof memory>, other: ReturnType<typeof memory>): ReturnType<typeof memory> {
  return { heap: Math.max(one.heap, other.heap), rss: Math.max(one.rss, other.rss) };
}

function tell(message: FromHost): void {
  process.send?.(message);
}

async function main({ line }: HostPlan): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "flooded-"));
  const settings = readModemSettings(
    {
      ...(line.kind === "tcp"
        ? { transport: "tcp", tcpHost: "127.0.0.1", tcpPort: line.port }
        : { transport: "serial", serialPort: line.path }),
      smtpHost: "127.0.0.1",
      smtpPort: 9,
      smtpSecurity: "none",
      senderAddress: "pump7@example.com",
    },
    {},
  );
  const silent = (): void => undefined;
  const assembly = assemble(settings, {
    directory,
    clock: systemClock,
    log: { error: silent, warn: silent, info: silent, debug: silent },
  });
  const { modem, outbox, trace } = assembly;
  let turns: Turns | undefined;
  let before = { heap: 0, rss: 0, held: 0 };
  let most = { heap: 0, rss: 0 };
  // A person looks on: what is recorded of a flood is held too.
  trace.enabled = true;
  modem.on("state", (state) => {
    if (state.name === "ready" && turns === undefined) {
      // As it is at work, before all garbage is gone.
      before = { ...memory(), held: heldMemory() };
      turns = new Turns();
      setInterval(() => void (most = larger(most, memory())), 20);
    }
    tell({
      kind: "state",
      name: state.name,
      code: "error" in state ? state.error.code : undefined,
      at: performance.now(),
    });
  });
  process.on("message", (asked: ToHost) => {
    if (asked === "cost") {
      const longestTurn = turns?.longest ?? 0;
      const [heap, rss] = [most.heap - before.heap, most.rss - before.rss];
      tell({ kind: "cost", heap, rss, held: heldMemory() - before.held, longestTurn });
      return;
    }
    void assembly
      .close()
      .then(() => rm(directory, { recursive: true, force: true }))
      .finally(() => process.exit(0));
  });
  await outbox.open();
  modem.acquire();
}

main(JSON.parse(process.argv[2] ?? "") as HostPlan).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
