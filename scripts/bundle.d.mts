interface Sources {
  /** Names of the nodes in package.json. */
  readonly nodes: readonly string[];
}

/** Writes the files of dist/, and one for each node that Node-RED asks for. */
export function bundle(sources: Sources): Promise<void>;

/**
 * Writes the same code to another folder for tests that need more of it than the package lets them reach.
 *
 * @param sources `exported`: sources, of which the folder gets a file each that gives what the bundle has: `lib/clock.js`.
 * `replaceable`: functions that a test may replace there, by their sources.
 */
export function bundleFor(
  folder: string,
  sources: Sources & {
    readonly exported: readonly string[];
    readonly replaceable: Readonly<Record<string, readonly string[]>>;
  },
): Promise<void>;
