/** The attack on whole Node-REDs, in a process for each version: it runs beside the positions of its slice. */
import { fork } from "node:child_process";
import { join } from "node:path";
import type { Findings } from "./findings";
import type { FromRuntime, RuntimePlan } from "./runtime-process";

/** Versions of Node-RED that are attacked, see test/support/node-red-versions.ts. */
export const VERSIONS = 2;

export interface RuntimeCount {
  messages: number;
  mails: number;
  recovered: number;
}

/**
 * Attacks one version. Never rejects; what it finds is added to `found`.
 *
 * @param at told whenever it goes on.
 */
export async function attackRuntime(
  plan: RuntimePlan,
  found: Findings,
  at: () => void,
): Promise<RuntimeCount> {
  // From its sources, wherever this file was compiled to: it only drives other processes.
  const program = join(process.cwd(), "test/campaign/hostile/runtime-process.ts");
  const child = fork(program, [JSON.stringify(plan)], { execArgv: ["--import", "tsx"] });
  let count: RuntimeCount | undefined;
  child.on("message", (message: FromRuntime) => {
    switch (message.kind) {
      case "finding":
        found.add(message.finding, "runtime", message.what);
        return;
      case "at":
        at();
        return;
      case "done":
        count = message;
        return;
    }
  });
  const code = await new Promise<number | null>((end) => child.once("close", end));
  if (count !== undefined) return count;
  found.add("stuck", "runtime", `the attack on version ${plan.version} broke off with code ${code}`);
  return { messages: 0, mails: 0, recovered: 0 };
}
