import assert from "node:assert/strict";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { executedBy } from "../../bench/support/executed-code";

const SOURCE = `
export function called(level: number): string {
  if (level > 2) {
    return "too high";
  }
  return [level].map((one) => helper(one)).join();
}

function helper(level: number): string {
  return String(level);
}

export function never(): void {
  console.log("never");
}

export class Pump {
  private state = "off";
  get name(): string {
    return this.state;
  }
  async start(): Promise<void> {
    const switchOn = (): void => {
      this.state = "on";
    };
    function later(fire: () => void): void {
      fire();
    }
    later(switchOn);
  }
}

export const pumps = async (...names: readonly string[]): Promise<number> => names.length;
`;

describe("The code that something executes", () => {
  let root: string;
  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), "executed-")));
    await writeFile(join(root, "pump.ts"), SOURCE);
    buildSync({
      entryPoints: [join(root, "pump.ts")],
      outfile: join(root, "out/pump.js"),
      bundle: true,
      platform: "node",
      sourcemap: true,
      logLevel: "silent",
    });
  });
  afterEach(() => rm(root, { recursive: true }));

  const counted = async (file: string) => {
    const { called, Pump, pumps } = createRequire(__filename)(join(root, "out/pump.js")) as {
      readonly called: (level: number) => string;
      readonly Pump: new () => { readonly name: string; start(): Promise<void> };
      readonly pumps: (...names: readonly string[]) => Promise<number>;
    };
    const run = async (): Promise<unknown> => {
      const made = new Pump();
      await made.start();
      return [called(1), made.name, await pumps("7")];
    };
    return executedBy(run, root, (one) => one === file);
  };

  it("is told by named functions and lines of its source, and what was not executed is not", async () => {
    const { functions, lines } = await counted("pump.ts");
    assert.deepEqual(
      functions.map(({ name, lines: length }) => `${name.replace("get ", "")} ${length}`).sort(),
      ["called 6", "helper 3", "later 3", "name 3", "pumps 1", "start 9", "switchOn 3"],
    );
    const executed = [...(lines.get("pump.ts") ?? [])].sort((a, b) => a - b);
    for (const line of [3, 6, 10, 20])
      assert.ok(executed.includes(line), `line ${line} of ${String(executed)}`);
    for (const line of [4, 14]) assert.ok(!executed.includes(line), `line ${line} of ${String(executed)}`);
  });

  it("tells functions and methods from arrow functions and from what stands within another function", async () => {
    const { functions } = await counted("pump.ts");
    const whole = functions.filter(({ isPart }) => !isPart).map(({ name }) => name.replace("get ", ""));
    assert.deepEqual(whole.sort(), ["called", "helper", "name", "start"]);
  });

  it("leaves out the files that do not count", async () => {
    const { functions, lines } = await counted("other.ts");
    assert.deepEqual([functions, lines.size], [[], 0]);
  });
});
