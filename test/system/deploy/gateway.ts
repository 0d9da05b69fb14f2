/**
 * A gateway as its users have it: a Node-RED with this package, operated through the admin API, seen through what its
 * flows write (parts.ts) and its log. It can be killed and started again with its user directory.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { NodeRedProcess } from "../../../scripts/demo/node-red.mjs";
import type { NodeRedVersion } from "../../support/node-red-versions";
import { waitFor } from "../../support/wait-for";
import { OUTCOMES_FILE, type FlowNode } from "./parts";

const ROOT = resolve(__dirname, "../../..");

/** What a message looked like when it reached a teller. */
export interface Outcome {
  /** Id of the teller. */
  readonly at: string;
  readonly topic?: string;
  readonly smtp?: {
    readonly status: string;
    readonly id: string;
    readonly attempts: number;
    readonly recovered?: boolean;
    readonly possibleDuplicate?: boolean;
  };
  readonly error?: {
    readonly code?: string;
    readonly message: string;
    readonly hint?: string;
    readonly source?: { readonly id: string; readonly type: string };
  };
  readonly status?: { readonly text?: string };
  readonly payload?: unknown;
  readonly attachments: readonly { readonly filename: string; readonly bytes?: number }[];
}

export interface GatewayOptions {
  readonly version: NodeRedVersion;
  /** Empty folder of its own, or that of an earlier run. */
  readonly userDir: string;
  /** Left out: the flows of the earlier run. */
  readonly flows?: readonly FlowNode[];
  readonly settings?: object;
  readonly env?: Readonly<Record<string, string>>;
  /** Gets each line of the log. */
  readonly onLine?: (line: string) => void;
}

export type DeployType = "full" | "flows" | "nodes";

export class Gateway {
  private constructor(
    private readonly options: GatewayOptions,
    private readonly nodeRed: NodeRedProcess,
    /** Lines of the log, of this run. */
    readonly log: readonly string[],
  ) {}

  static async start(options: GatewayOptions): Promise<Gateway> {
    const { startNodeRed, linkPackage } = await import("../../../scripts/demo/node-red.mjs");
    const { freePorts } = await import("../../../scripts/demo/ports.mjs");
    const [port] = await freePorts(1);
    if (port === undefined) throw new Error("no free port");
    const { version, userDir, flows, settings, env, onLine } = options;
    const log: string[] = [];
    const nodeRed = await startNodeRed({
      ...version,
      port,
      userDir,
      prepare: existsSync(join(userDir, "node_modules")) ? async () => undefined : linkPackage(ROOT),
      onLine: (line) => {
        log.push(line);
        onLine?.(line);
      },
      ...(flows === undefined ? {} : { flows }),
      ...(settings === undefined ? {} : { settings }),
      ...(env === undefined ? {} : { env }),
    });
    return new Gateway(options, nodeRed, log);
  }

  get pid(): number {
    return this.nodeRed.pid;
  }

  /** Address of the editor, with a slash at the end. */
  get url(): string {
    return this.nodeRed.url;
  }

  get userDir(): string {
    return this.options.userDir;
  }

  /** Starts Node-RED again, with the flows that were deployed last. */
  restart(): Promise<Gateway> {
    const { flows: _, ...options } = this.options;
    return Gateway.start(options);
  }

  stop(): Promise<void> {
    return this.nodeRed.stop();
  }

  /** Ends it with SIGKILL. */
  kill(): Promise<void> {
    return this.nodeRed.kill();
  }

  /** Deploys as the editor does. Resolves when the flows run, with the milliseconds it took. */
  async deploy(flows: readonly object[], type: DeployType): Promise<number> {
    const start = performance.now();
    const starts = (): number =>
      this.log.filter((line) => /Started (modified )?(flows|nodes)/.test(line)).length;
    const before = starts();
    const response = await fetch(new URL("flows", this.nodeRed.url), {
      method: "POST",
      headers: { "content-type": "application/json", "Node-RED-Deployment-Type": type },
      body: JSON.stringify(flows),
    });
    if (!response.ok) throw new Error(`deploy refused: ${response.status} ${await response.text()}`);
    // The answer comes when the old flows have ended.
    await waitFor("the start of the flows", () => starts() > before);
    return performance.now() - start;
  }

  /** What the editor would export. */
  async flows(): Promise<string> {
    return (await fetch(new URL("flows", this.nodeRed.url))).text();
  }

  /** Presses an inject node, which then sends a message with these properties. */
  async inject(id: string, message: Readonly<Record<string, unknown>>): Promise<void> {
    const props = Object.entries(message).map(([p, value]) => ({ p, v: JSON.stringify(value), vt: "json" }));
    const response = await fetch(new URL(`inject/${id}`, this.nodeRed.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ __user_inject_props__: props }),
    });
    if (!response.ok) throw new Error(`inject refused: ${response.status}`);
  }

  /** What was told so far, over all runs, oldest first. */
  async outcomes(at?: string): Promise<readonly Outcome[]> {
    const path = join(this.userDir, OUTCOMES_FILE);
    if (!existsSync(path)) return [];
    // A line being written has no end yet.
    const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
    const all = lines.map((line): Outcome => JSON.parse(line));
    return at === undefined ? all : all.filter((outcome) => outcome.at === at);
  }

  /** The first outcome at a teller that is about the mail with this subject. */
  outcome(at: string, topic: string, limit?: number): Promise<Outcome> {
    const find = async (): Promise<Outcome | undefined> =>
      (await this.outcomes(at)).find((outcome) => outcome.topic === topic);
    return this.explained(waitFor(`${topic} at ${at}`, find, limit));
  }

  /** Resolves when the last status told matches. */
  async shows(text: RegExp, limit?: number): Promise<void> {
    const last = async (): Promise<boolean> =>
      text.test((await this.outcomes("status")).at(-1)?.status?.text ?? "");
    await this.explained(waitFor(`status ${text}`, last, limit));
  }

  /** Resolves with a line of this run's log. @param beyond so many such lines that were there before. */
  logged(text: RegExp, beyond = 0): Promise<string> {
    return this.explained(waitFor(`log line ${text}`, () => this.linesOf(text)[beyond]));
  }

  /** Lines of this run's log so far. */
  linesOf(text: RegExp): readonly string[] {
    return this.log.filter((line) => text.test(line));
  }

  private async explained<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      const outcomes = (await this.outcomes()).slice(-12).map((outcome) => JSON.stringify(outcome));
      const lines = [...outcomes, ...this.log.slice(-12)].join("\n  ");
      throw new Error(`${String(error)}; last told and logged:\n  ${lines}`, { cause: error });
    }
  }
}
