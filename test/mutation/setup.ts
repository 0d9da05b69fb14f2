/**
 * Loaded by mocha before the tests of a mutation run only: bounds what a test may take, so that a mutant that hangs
 * is found soon. The numbers of runs that the tests themselves name stand; a run of everything uses them.
 */
import crypto from "node:crypto";
import fc from "fast-check";
import type { Context, RootHookObject } from "mocha";

/** Milliseconds of a test with a mutant. One that makes the test wait for ever costs this. */
const LIMIT = 5000;

/** Milliseconds of a test of the first run, which counts every statement. */
const FIRST_LIMIT = 60_000;

/** Milliseconds of the runs of one property. The seed is fixed, so that two runs of a mutant try the same values. */
const PROPERTY_LIMIT = 1000;

/** Tests of speed and memory, whose limits counting statements exceeds, and one that tries every character there is. */
const LONG =
  /in less than 100 ms|takes time in proportion|holds no more than one line|no character of the basic plane|and not in memory|finds 10,000 queued|holds no long text/;

fc.configureGlobal({ seed: 1, interruptAfterTimeLimit: PROPERTY_LIMIT, endOnFailure: true });

/** The hash of the settings is slow on purpose, which would be four fifths of the time of the tests that open an outbox. */
crypto.scryptSync = (text, salt, bytes) => crypto.pbkdf2Sync(text, salt, 1, bytes, "sha256");

declare global {
  /** Where the instrumented code finds the mutant that is active. */
  var __stryker__: { readonly activeMutant?: string } | undefined;
}

export const mochaHooks: RootHookObject = {
  beforeEach(this: Context) {
    if (LONG.test(this.currentTest?.title ?? "")) this.skip();
    const isFirstRun = globalThis.__stryker__?.activeMutant === undefined;
    this.currentTest?.timeout(isFirstRun ? FIRST_LIMIT : LIMIT);
    // Hooks that wait for an end which never comes have a limit of their own.
    process.env["LONGEST_WAIT_MS"] = String(isFirstRun ? FIRST_LIMIT : LIMIT);
  },
};
