/** Part "floods": a line on which anything but a module speaks, as much as it can carry; the gateway stays small and quick. */
import { flooded, type Flooded, type LineKind } from "./flood/floods";
import { FLOODS, type FloodName } from "./flood/kinds";
import { shown, type Figure, type Part } from "./part";

const MEGABYTE = 1_000_000;
/** Goals of `docs/performance.md`, and how long a line is left alone before it is opened again. */
const MOST_MEMORY = 30;
const LONGEST_TURN_MS = 50;
const SHORTEST_PAUSE_MS = 800;
/** What is poured in a small run. */
const FEW: readonly (readonly [FloodName, LineKind])[] = [
  ["bytes without sense", "tcp"],
  ["RDY", "serial"],
];
const ALL = (Object.keys(FLOODS) as FloodName[]).flatMap((name) =>
  (["tcp", "serial"] as const).map((kind) => [name, kind] as const),
);

export const floods: Part = {
  name: "floods",
  full: 50,
  unit: "MB of each kind into each kind of line",
  async run(size, { seed, share, at }) {
    const isFull = share === 1;
    const figures: Figure[] = [];
    for (const [position, [name, kind]] of (isFull ? ALL : FEW).entries()) {
      at(position);
      const found = await flooded(name, kind, seed, { bytes: size * MEGABYTE, times: isFull ? 2 : 1 });
      figures.push(...figuresOf(`${name}, ${kind}`, found));
    }
    return figures;
  },
};

function figuresOf(what: string, found: Flooded): readonly Figure[] {
  const { bytes, heap, rss, held, longestTurn, givenUp, shortestPause } = found;
  return [
    shown(`${what}: taken`, bytes < MEGABYTE ? `${bytes} bytes` : `${(bytes / MEGABYTE).toFixed(0)} MB`),
    bounded(`${what}: memory of JavaScript, more by`, "MB", heap / MEGABYTE, MOST_MEMORY),
    // With what garbage collector and compiler take in threads of their own.
    shown(`${what}: memory of the process, more by`, `${(rss / MEGABYTE).toFixed(0)} MB`),
    bounded(`${what}: held afterwards`, "MB", held / MEGABYTE, MOST_MEMORY),
    bounded(`${what}: longest turn of the event loop`, "ms", longestTurn, LONGEST_TURN_MS),
    shown(`${what}: given up, and the module found again`, `${givenUp} times`),
    {
      name: `${what}: shortest pause before it was opened again`,
      value: `${(shortestPause / 1000).toFixed(1)} s`,
      goal: `${SHORTEST_PAUSE_MS / 1000} s at least`,
      met: shortestPause >= SHORTEST_PAUSE_MS,
    },
  ];
}

function bounded(name: string, unit: string, value: number, most: number): Figure {
  return { name, value: `${value.toFixed(1)} ${unit}`, goal: `below ${most} ${unit}`, met: value < most };
}
