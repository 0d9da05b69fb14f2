/**
 * A process that attacks a whole Node-RED of one version with hostile messages, and follows each to its end. It tells
 * its parent what it found; started by runtime.ts.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeRedProcess } from "../../../scripts/demo/node-red.mjs";
import { MailServer } from "../../support/mail-server";
import { nodeRedVersions, type NodeRedVersion } from "../../support/node-red-versions";
import { waitFor } from "../../support/wait-for";
import { attackFlow, TARGETS, type Target } from "./runtime-flow";

export interface RuntimePlan {
  /** 0: the first version, 1: the second. */
  readonly version: number;
  /** Messages. */
  readonly count: number;
}

export type FromRuntime =
  | { readonly kind: "finding"; readonly finding: "ended" | "stuck" | "twice"; readonly what: string }
  | { readonly kind: "at"; readonly number: number }
  | { readonly kind: "done"; readonly messages: number; readonly mails: number; readonly recovered: number };

/** Milliseconds for the end of a message, or of a batch of them. */
const PATIENCE = 60_000;
/** Milliseconds for each of many mails that leave one after the other. */
const MAIL_PATIENCE = 3_000;
/** Messages under way at a time. */
const BATCH = 10;
/** Lists in lists as JSON from outside. */
const DEPTHS = [100, 255, 3_000, 9_000, 20_000];

interface Told {
  readonly at: "sent" | "sent2" | "failed" | "failed2" | "caught" | "completed" | "orphans";
  readonly id?: string;
  readonly mail?: string;
  readonly status?: string;
  readonly recovered?: boolean;
}

const tell = (message: FromRuntime): void => void process.send?.(message);

class Attack {
  private nodeRed: NodeRedProcess | undefined;
  private readonly told = new Map<string, Told[]>();
  private readonly lines: string[] = [];
  private hasEnded = false;
  private mails = 0;
  private recovered = 0;
  private messages = 0;
  /** Mails that wait, as the outbox last said. */
  private queue = 0;

  constructor(
    private readonly version: NodeRedVersion,
    private readonly userDir: string,
    private readonly server: MailServer,
  ) {}

  async run(count: number): Promise<void> {
    // Without its parent nobody would end Node-RED.
    process.once("disconnect", () => void this.nodeRed?.kill());
    await this.start();
    for (let from = 0; from < count && !this.hasEnded; from += BATCH) {
      tell({ kind: "at", number: from });
      const numbers = Array.from({ length: Math.min(BATCH, count - from) }, (_one, index) => from + index);
      await this.follow(await Promise.all(numbers.map((n) => this.make(n, targetOf(n)))));
    }
    if (!this.hasEnded) await this.follow(await Promise.all(DEPTHS.map((depth) => this.post(depth))));
    if (!this.hasEnded) await this.overRestart(Math.max(BATCH, Math.floor(count / 4)));
    await this.stop();
    tell({ kind: "done", messages: this.messages, mails: this.mails, recovered: this.recovered });
  }

  /** Mails that wait while Node-RED is started anew: each is told by the one that comes after. */
  private async overRestart(count: number): Promise<void> {
    await this.ask("command?action=pause");
    const ids: string[] = [];
    for (let n = 0; n < count; n++) ids.push(await this.make(n, n % 2 === 0 ? "send" : "queue", "paused"));
    const refused = (): number => ids.filter((id) => this.at(id, "failed").length > 0).length;
    const isAccepted = async (): Promise<boolean> => {
      await this.ask("command?action=list");
      await this.look();
      return this.queue + refused() === ids.length;
    };
    await this.within(`${count} messages to be accepted or refused`, isAccepted, count);
    const waiting = ids.filter((id) => this.at(id, "failed").length === 0);
    for (const id of waiting) this.told.delete(id);
    await this.stop();
    if (this.hasEnded) return;
    await this.start();
    await this.ask("command?action=resume");
    // A mail of `queue` that goes well has said all at its acceptance.
    const due = waiting.filter((id) => id.startsWith("send") || isRefused(id));
    const isTold = async (): Promise<boolean> => {
      await this.look();
      return due.every((id) => this.at(id, "sent").length + this.at(id, "failed").length > 0);
    };
    await this.within(`${due.length} mails to be told after a restart`, isTold, waiting.length);
    await this.within(
      "the queue to be empty",
      async () => {
        await this.ask("command?action=list");
        await this.look();
        return this.queue === 0;
      },
      waiting.length,
    );
    for (const id of waiting) this.check(id, "after a restart");
    this.recovered += due.length;
  }

  private async start(): Promise<void> {
    const { startNodeRed, linkPackage } = await import("../../../scripts/demo/node-red.mjs");
    const { freePorts } = await import("../../../scripts/demo/ports.mjs");
    const [port = 0] = await freePorts(1);
    const isFirst = this.nodeRed === undefined;
    const nodeRed = await startNodeRed({
      ...this.version,
      port,
      userDir: this.userDir,
      prepare: isFirst ? linkPackage(process.cwd()) : async () => undefined,
      onLine: (line) => {
        this.lines.push(line);
        if (this.lines.length > 40) this.lines.shift();
      },
      flows: attackFlow(this.server.port),
    });
    this.nodeRed = nodeRed;
    void nodeRed.ended.then((code) => {
      if (this.nodeRed !== nodeRed) return;
      this.hasEnded = true;
      this.found("ended", `Node-RED ended with code ${code}: ${this.lines.join("\n")}`);
    });
  }

  private async stop(): Promise<void> {
    const { nodeRed } = this;
    if (nodeRed === undefined || this.hasEnded) return;
    this.nodeRed = undefined;
    await nodeRed.stop();
    const code = await nodeRed.ended;
    this.nodeRed = nodeRed;
    if (code !== 0) this.found("ended", `Node-RED was stopped and ended with code ${code}`);
  }

  private async make(n: number, target: Target, mark = ""): Promise<string> {
    const id = `${target}-${n}${mark}`;
    this.messages++;
    const to = isRefused(id) ? "gone@example.com" : "duty@example.com";
    await this.ask(`make?${new URLSearchParams({ n: String(n), target, to, id }).toString()}`);
    return id;
  }

  /** Posts lists in lists; the request is not answered, as in a flow that has forgotten to. */
  private post(depth: number): Promise<string> {
    const id = `json-${depth}`;
    this.messages++;
    void fetch(new URL(`json?id=${id}`, this.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "[".repeat(depth) + "]".repeat(depth),
      signal: AbortSignal.timeout(PATIENCE),
    }).catch(() => undefined);
    return Promise.resolve(id);
  }

  /** Waits for the end of each, and that none is told twice. */
  private async follow(ids: readonly string[]): Promise<void> {
    const isOver = async (): Promise<boolean> => {
      await this.look();
      return ids.every((id) => this.at(id, "caught").length + this.at(id, "completed").length > 0);
    };
    await this.within(`the ends of ${ids.join(", ")}`, isOver);
    await this.look();
    for (const id of ids) this.check(id, "");
  }

  private check(id: string, when: string): void {
    const all = this.told.get(id) ?? [];
    const count = (at: Told["at"]): number => this.at(id, at).length;
    const what = `${id} ${when}: ${all.map(({ at, status }) => `${at} ${status ?? ""}`).join(", ")}`;
    if (count("sent") !== count("sent2") || count("failed") !== count("failed2")) this.found("twice", what);
    if (count("sent") > 1 || count("failed") > 1 || count("caught") > 1 || count("completed") > 1) {
      this.found("twice", what);
    }
    if (this.at(id, "sent").some(({ status }) => status === "sent" || status === "partial")) this.mails++;
  }

  private at(id: string, at: Told["at"]): readonly Told[] {
    return (this.told.get(id) ?? []).filter((one) => one.at === at);
  }

  /** Fetches what was told since the last look. */
  private async look(): Promise<void> {
    const { told, queue } = JSON.parse(await this.ask("told")) as {
      readonly told: readonly Told[];
      readonly queue?: number;
    };
    this.queue = queue ?? 0;
    for (const one of told) this.told.set(String(one.id), [...(this.told.get(String(one.id)) ?? []), one]);
  }

  private async within(what: string, condition: () => Promise<boolean>, mails = 0): Promise<void> {
    const limit = PATIENCE + mails * MAIL_PATIENCE;
    await waitFor(what, async () => this.hasEnded || (await condition()), limit).catch((error: unknown) => {
      if (!this.hasEnded)
        this.found("stuck", `${String(error)}; last logged: ${this.lines.slice(-5).join("\n")}`);
    });
  }

  private async ask(path: string): Promise<string> {
    if (this.hasEnded) return '{"told":[]}';
    try {
      return await (await fetch(new URL(path, this.url), { signal: AbortSignal.timeout(PATIENCE) })).text();
    } catch (error) {
      if (!this.hasEnded) this.found("stuck", `${path}: ${String(error)}`);
      return '{"told":[]}';
    }
  }

  private get url(): string {
    return this.nodeRed?.url ?? "http://127.0.0.1:1/";
  }

  private found(finding: "ended" | "stuck" | "twice", what: string): void {
    tell({ kind: "finding", finding, what: `Node-RED ${this.version.name}: ${what}` });
  }
}

/** True for one message in three: its mail is refused by the server. */
function isRefused(id: string): boolean {
  return Number(/\d+/.exec(id)?.[0]) % 3 === 0;
}

function targetOf(n: number): Target {
  // Most of them where a message can do most.
  return n % 2 === 0 ? "send" : (TARGETS[Math.floor(n / 2) % TARGETS.length] ?? "send");
}

async function main({ version, count }: RuntimePlan): Promise<void> {
  const chosen = nodeRedVersions()[version];
  if (chosen === undefined) throw new Error(`no Node-RED number ${version}`);
  const userDir = await mkdtemp(join(tmpdir(), "hostile-runtime-"));
  const server = await MailServer.start();
  server.refuse = { rcpt: { "gone@example.com": 550 } };
  try {
    await new Attack(chosen, userDir, server).run(count);
  } finally {
    await server.stop();
    await rm(userDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

main(JSON.parse(process.argv[2] ?? "{}") as RuntimePlan).then(
  () => process.disconnect(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
