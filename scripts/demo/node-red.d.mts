export interface NodeRedOptions {
  /** Fills the user directory before the start: see `linkPackage`. */
  readonly prepare: (userDir: string) => Promise<void>;
  /** Port of editor and HTTP nodes, on 127.0.0.1. */
  readonly port: number;
  /** Written as flow file; left out: the flow file that is there. */
  readonly flows?: readonly object[];
  /** Kept after `stop()`; left out: a temporary one, removed by `stop()`. */
  readonly userDir?: string;
  /** Gets each line of the log. */
  readonly onLine?: (line: string) => void;
  /** Ends Node-RED at any moment. */
  readonly signal?: AbortSignal;
  /** Path of the Node.js binary (this process's own). */
  readonly node?: string;
  /** Path of Node-RED's red.js (that of node_modules). */
  readonly red?: string;
  /** More settings for settings.js; JSON only. */
  readonly settings?: object;
  readonly env?: Readonly<Record<string, string>>;
}

export interface NodeRedProcess {
  /** Address of the editor, with a slash at the end. */
  readonly url: string;
  readonly userDir: string;
  readonly pid: number;
  /** Resolves with the exit code (null after a signal). */
  readonly ended: Promise<number | null>;
  /** Ends it in order (SIGTERM). */
  stop(): Promise<void>;
  /** Ends it at once (SIGKILL); the user directory stays. */
  kill(): Promise<void>;
}

export function startNodeRed(options: NodeRedOptions): Promise<NodeRedProcess>;
export function linkPackage(packageDir: string): (userDir: string) => Promise<void>;
