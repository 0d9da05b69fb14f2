/**
 * Runs parts as processes side by side. A part that breaks off, or says nothing for long, is a figure that is not met.
 *
 * Compiled they take half the time; those that only drive other processes run from their sources.
 */
import { fork, spawnSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { none, type Figure } from "./part";
import type { FromPart, PartPlan } from "./part-process";

const ROOT = resolve(__dirname, "../..");
/** Minutes without a word after which a part counts as hanging; those in which all stood still do not count. */
const SILENCE = 10;
const MINUTE = 60_000;
const FROM_SOURCES: ReadonlySet<string> = new Set(["secrets", "load", "supply"]);

/** The code of the parts as JavaScript, in a folder of this process. */
export class Compiled {
  readonly folder = join(ROOT, "test", "output", `campaign-${process.pid}`);

  constructor() {
    const tsc = [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", join(__dirname, "tsconfig.json")];
    const { status } = spawnSync(process.execPath, [...tsc, "--outDir", this.folder], { stdio: "inherit" });
    if (status !== 0) throw new Error("the campaign does not compile");
    for (const path of ["test/support/certificates", "package.json"])
      cpSync(join(ROOT, path), join(this.folder, path), { recursive: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Never rejects. @param say shows how far it is, or what failed and how to repeat it. */
export async function runPart(
  plan: PartPlan,
  compiled: Compiled,
  say: (line: string) => void,
): Promise<readonly Figure[]> {
  const [module, execArgv] = FROM_SOURCES.has(plan.name)
    ? [join(__dirname, "part-process.ts"), ["--import", "tsx"]]
    : [join(compiled.folder, "test/campaign/part-process.js"), []];
  const child = fork(module, [JSON.stringify(plan)], { execArgv, cwd: ROOT });
  let figures: readonly Figure[] | undefined;
  let position: number | undefined;
  let silent = 0;
  const watch = setInterval(() => {
    if (++silent <= SILENCE) return;
    say(`${plan.name}: nothing was heard for ${SILENCE} minutes`);
    child.kill("SIGKILL");
  }, MINUTE);
  child.on("message", (message: FromPart) => {
    silent = 0;
    switch (message.kind) {
      case "at":
        position = message.position;
        return;
      case "say":
        say(message.line);
        return;
      case "figures":
        figures = message.figures;
        return;
    }
  });
  await new Promise<void>((end) => child.once("close", () => end()));
  clearInterval(watch);
  if (figures !== undefined) return [...figures, none("broken off", 0)];
  const where = position === undefined ? "" : ` --only ${position}`;
  say(
    `${plan.name}: broken off; repeat: npm run campaign -- --part ${plan.name} --seed ${plan.seed}${where}`,
  );
  return [none("broken off", 1)];
}
