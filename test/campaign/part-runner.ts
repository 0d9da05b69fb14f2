/**
 * Runs parts as processes side by side. A part that ends early, or says nothing for long, is a figure that is not met.
 *
 * What they test is the code as it is packed: the bundles, with the same minifier and the same short names, which here also give
 * the modules that the campaign drives directly. Parts that only drive other processes run from their sources.
 */
import { fork, spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve } from "node:path";
import manifest from "../../package.json";
import { REPLACEABLE } from "./fault/replaceable";
import { none, type Figure } from "./part";
import type { FromPart, PartPlan } from "./part-process";

const ROOT = resolve(__dirname, "../..");
/** Minutes without a word after which a part counts as hanging; those in which all stood still do not count. */
const SILENCE = 10;
const MINUTE = 60_000;
/** Folders whose code is in the bundles. */
const PACKED = ["lib", "nodes"];
const FROM_SOURCES: ReadonlySet<string> = new Set(["secrets", "load", "real-time", "supply"]);

export function isCompiled(part: string): boolean {
  return !FROM_SOURCES.has(part);
}

/** The code of the parts as JavaScript and the bundles that they test, in a folder of this process. */
export class Compiled {
  readonly folder = join(ROOT, "test", "output", `campaign-${process.pid}`);

  async make(): Promise<void> {
    const tsc = [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", join(__dirname, "tsconfig.json")];
    const { status } = spawnSync(process.execPath, [...tsc, "--outDir", this.folder], { stdio: "inherit" });
    if (status !== 0) throw new Error("the campaign does not compile");
    const exported = this.requiredSources();
    for (const name of PACKED) rmSync(join(this.folder, name), { recursive: true });
    const { bundleFor } = await import("../../scripts/bundle.mjs");
    const nodes = Object.keys(manifest["node-red"].nodes);
    await bundleFor(this.folder, { nodes, exported, replaceable: REPLACEABLE });
    for (const path of ["test/support/certificates", "package.json"])
      cpSync(join(ROOT, path), join(this.folder, path), { recursive: true });
    cpSync(join(ROOT, "dist/nodes/locales"), join(this.folder, "nodes/locales"), { recursive: true });
  }

  /** The modules of the package that the code of the campaign requires. */
  private requiredSources(): readonly string[] {
    const files = readdirSync(join(this.folder, "test"), { recursive: true, encoding: "utf8" });
    const required = files
      .filter((name) => name.endsWith(".js"))
      .map((name) => join(this.folder, "test", name))
      .flatMap((file) =>
        [...readFileSync(file, "utf8").matchAll(/\brequire\("(\.[^"]+)"\)/g)].map(([, path = ""]) =>
          relative(this.folder, createRequire(file).resolve(path)).replaceAll("\\", "/"),
        ),
      );
    const sources = required.filter((path) => PACKED.some((folder) => path.startsWith(`${folder}/`)));
    return [...new Set(sources)].sort().map((path) => path.replace(/\.js$/, ".ts"));
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
  const [module, execArgv] = !isCompiled(plan.name)
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
  if (figures !== undefined) return [...figures, none("aborted", 0)];
  const where = position === undefined ? "" : ` --only ${position}`;
  say(`${plan.name}: aborted; repeat: npm run campaign -- --part ${plan.name} --seed ${plan.seed}${where}`);
  return [none("aborted", 1)];
}
