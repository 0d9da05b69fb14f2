/** What befalls module, line or network at one byte of the dialogue, and how it ends on its own. */
import type { FaultPlan, FaultyDevice, VariantChoice } from "../../../lib/simulator";

/** `host`: from the host to the module; `modem`: the other way. */
export type Direction = "host" | "modem";

export interface Place {
  readonly direction: Direction;
  /** Counted from 1; the mishap comes before this byte arrives. */
  readonly byte: number;
}

/** How a mishap goes on; both are to be called once. */
export interface Course {
  readonly begun: () => void;
  readonly over: () => void;
}

export interface Mishap {
  /** Completes the sentence "although the …". */
  readonly name: string;
  readonly variants?: VariantChoice;
  readonly plan: (place: Place, course: Course) => FaultPlan;
}

const EVERYTHING = Number.MAX_SAFE_INTEGER;

/** One event at the place, and another one that ends it `ms` later. */
function striking(
  strike: (module: FaultyDevice) => void,
  ms: number,
  repair: (module: FaultyDevice) => void,
): Mishap["plan"] {
  return (at, { begun, over }) => [
    {
      at,
      fault: {
        kind: "run",
        run: (module) => {
          begun();
          strike(module);
          module.clock.after(ms, () => {
            repair(module);
            over();
          });
        },
      },
    },
  ];
}

/** The same, and nothing of that direction arrives meanwhile. */
function cutting(...[strike, ms, repair]: Parameters<typeof striking>): Mishap["plan"] {
  const ending = striking(strike, ms, (module) => {
    module.faults.set([]);
    repair(module);
  });
  return (at, course) => [...ending(at, course), { at, fault: { kind: "drop", count: EVERYTHING } }];
}

/** Bytes of that direction come later, all of them. */
function standingStill(ms: number): Mishap["plan"] {
  const ending = striking(nothing, ms, nothing);
  return (at, course) => [...ending(at, course), { at, fault: { kind: "delay", ms } }];
}

function nothing(): void {}

/** Milliseconds that the module of these runs needs for a start, SIM card and network included. */
export const BOOT = { bootMs: 3_000, networkMs: 500 } as const;
const STARTED = 10_000;

export const MISHAPS: readonly Mishap[] = [
  {
    name: "module restarts",
    variants: { "application-start": "mail" },
    plan: striking((module) => module.restart("restart"), STARTED, nothing),
  },
  {
    name: "module restarts and its RDY is missed",
    variants: { "ready-urc": "missed" },
    plan: striking((module) => module.restart("restart"), STARTED, nothing),
  },
  {
    name: "cable is pulled and put in again after 5 s",
    plan: striking(
      (module) => module.unplug(),
      5_000,
      (module) => module.plug(),
    ),
  },
  {
    name: "module hangs and is reset by its watchdog after 45 s",
    plan: cutting(
      (module) => module.hang(),
      45_000,
      (module) => module.restart("restart"),
    ),
  },
  {
    name: "module hangs until somebody pulls its cable after 10 min and puts it in again",
    plan: cutting(
      (module) => module.hang(),
      600_000,
      (module) => {
        module.unplug();
        module.clock.after(5_000, () => module.plug());
      },
    ),
  },
  { name: "line loses all bytes of that direction for 60 s", plan: cutting(nothing, 60_000, nothing) },
  { name: "line loses all bytes of that direction for 10 min", plan: cutting(nothing, 600_000, nothing) },
  { name: "line stands still in that direction for 20 s", plan: standingStill(20_000) },
  { name: "line stands still in that direction for 5 min", plan: standingStill(300_000) },
];

const spoiling = (place: Place, course: Course, fault: "drop" | "duplicate" | "corrupt"): FaultPlan => [
  {
    at: place,
    fault: {
      kind: "run",
      run: () => {
        course.begun();
        course.over();
      },
    },
  },
  {
    at: place,
    fault: fault === "corrupt" ? { kind: fault, count: 1, mask: 0x11 } : { kind: fault, count: 1 },
  },
];

export const DAMAGE: Mishap = {
  name: "line damages a byte",
  plan: (place, course) => spoiling(place, course, "corrupt"),
};

/** One byte that the line spoils. */
export const SPOILS: readonly Mishap[] = [
  { name: "line loses a byte", plan: (place, course) => spoiling(place, course, "drop") },
  { name: "line doubles a byte", plan: (place, course) => spoiling(place, course, "duplicate") },
  DAMAGE,
];

/** What ends the connection on the network, between two bytes of its dialogue on the line. */
export const NETWORK: readonly Mishap[] = (["cut", "reset", "silence"] as const).map((kind) => ({
  name: { cut: "connection is cut", reset: "peer resets", silence: "peer falls silent" }[kind],
  plan: (place, course) => [
    {
      at: place,
      fault: {
        kind: "run",
        run: (module) => {
          course.begun();
          module.faults.set([
            { at: { socket: "up", byte: 1 }, fault: { kind } },
            { at: { socket: "down", byte: 1 }, fault: { kind } },
          ]);
          course.over();
        },
      },
    },
  ],
}));

/** Those of the module and the line that last for minutes differ from these for a queue of mails, not for a connection. */
export const BRIEF = MISHAPS.filter(({ name }) => !/ min\b/.test(name));
