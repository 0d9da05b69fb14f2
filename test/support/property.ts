/** How much a property is tried, and how long that may take. */

/** Runs of each property that must hold for any input. The seed of a failing run is printed with the counterexample. */
export const RUNS = 10_000;

/** Milliseconds that the runs of one property may take on a busy machine. */
export const TIME = 300_000;
