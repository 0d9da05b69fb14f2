/** Round trip of one AT command over a pseudo terminal, whose other end answers at once. */
import { type CommandClient, barePort, engine, serialportGsm } from "../peers/command-clients";
import { inRounds, type Row } from "../row";
import { median } from "../statistics";
import { withAnsweringPty } from "../support/answering-pty";

const CLIENTS = { engine, barePort, serialportGsm };
type Name = keyof typeof CLIENTS;
const NAMES = ["engine", "barePort", "serialportGsm"] as const satisfies readonly Name[];

/** Round trips of one client before the next has its turn: whatever else the machine does meets all alike. */
const TURN = 20;
const TURNS = 40;
/** Rounds before the first that counts, until all of them run compiled. */
const WARM_UP = 3;

export const roundTrip: Row = {
  name: "round-trip",
  about:
    "`AT` to its `OK` through transport and channel over a socat pseudo terminal; a round is the median of 800.",
  measure: (rounds) =>
    withClients(NAMES, {}, async (clients) => {
      await inRounds(WARM_UP, () => typical(clients));
      const results = await inRounds(rounds, () => typical(clients));
      const samples = (name: Name): readonly number[] => results.map((times) => times[name]);
      const figure = { what: "AT round trip over a pty", unit: "ms", samples: samples("engine") };
      return [
        {
          ...figure,
          goal: { kind: "timesPeer", factor: 1.3 },
          peer: { name: "bare serialport", samples: samples("barePort") },
        },
        { ...figure, peer: { name: "serialport-gsm", samples: samples("serialportGsm") } },
      ];
    }),
};

type Clients = Record<Name, CommandClient>;

/** Opens the named clients, each on a pseudo terminal of its own. */
function withClients<T>(
  [name, ...others]: readonly Name[],
  opened: Partial<Clients>,
  use: (clients: Clients) => Promise<T>,
): Promise<T> {
  if (name === undefined) return use(opened as Clients);
  return withAnsweringPty(async (path) => {
    const client = await CLIENTS[name](path);
    try {
      return await withClients(others, { ...opened, [name]: client }, use);
    } finally {
      await client.close();
    }
  });
}

/** Median of the round trips of each client, ms. */
async function typical(clients: Clients): Promise<Record<Name, number>> {
  const times: Record<Name, number[]> = { engine: [], barePort: [], serialportGsm: [] };
  for (let turn = 0; turn < TURNS; turn++) {
    for (const name of NAMES) {
      for (let count = 0; count < TURN; count++) {
        const started = performance.now();
        await clients[name].roundTrip();
        times[name].push(performance.now() - started);
      }
    }
  }
  return {
    engine: median(times.engine),
    barePort: median(times.barePort),
    serialportGsm: median(times.serialportGsm),
  };
}
