/** Options of Stryker that all areas have in common. Each exclusion stands with its reason. */
export const STRYKER = {
  testRunner: "mocha",
  testRunnerNodeArgs: ["--import=tsx"],
  // The tests run through tsx, which needs no rewritten tsconfig; rewriting needs the API that TypeScript 7 lacks.
  tsconfigFile: "none",
  coverageAnalysis: "perTest",
  // Tables and patterns are made when their file is loaded, so each of their mutants needs a process of its own;
  // the tests compare the tables with their sources.
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 5_000,
  timeoutFactor: 1.5,
  reporters: ["progress-append-only", "json"],
  cleanTempDir: "always",
  ignorePatterns: [
    "build",
    "dist",
    "docs",
    "examples",
    "resources",
    "icons",
    "test/output",
    "test/{bench,node,system}",
  ],
} as const;
