/** What a user installs: the packed tarball, its content, and its start in an empty Node-RED of each version. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { complaints } from "../../support/node-red-log";
import { nodeRedVersions } from "../../support/node-red-versions";
import manifest from "../../../package.json";

const run = promisify(execFile);
const ROOT = resolve(__dirname, "../../..");

interface PackReport {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

interface NodeSet {
  readonly module: string;
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly err?: string;
}

describe("The packed tarball", function () {
  this.timeout(240_000);

  let folder: string;
  let tarball: string;
  let files: readonly string[];

  /** Hashes of the code of dist/ by name; `npm pack` builds it again. */
  const built = async (): Promise<ReadonlyMap<string, string>> => {
    const dist = join(ROOT, "dist");
    const names = (await readdir(dist)).filter((name) => /\.(?:js|br)$/.test(name));
    return new Map(
      await Promise.all(
        names.map(
          async (name) =>
            [
              name,
              createHash("sha256")
                .update(await readFile(join(dist, name)))
                .digest("hex"),
            ] as const,
        ),
      ),
    );
  };
  let former: ReadonlyMap<string, string>;

  before(async () => {
    former = await built();
    folder = await mkdtemp(join(tmpdir(), "tarball-"));
    const { stdout } = await run("npm", ["pack", "--json", "--silent", "--pack-destination", folder], {
      cwd: ROOT,
    });
    const [report] = JSON.parse(stdout.slice(stdout.indexOf("["))) as PackReport[];
    assert.ok(report);
    tarball = join(folder, report.filename);
    files = report.files.map((file) => file.path);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it("holds the compiled nodes with their html, locales and icons, the examples, licence and README", () => {
    for (const file of Object.values(manifest["node-red"].nodes)) {
      assert.ok(files.includes(file), file);
      assert.ok(files.includes(file.replace(/\.js$/, ".html")), `html of ${file}`);
      const name = file.replace(/^.*\/(.*)\.js$/, "$1");
      for (const language of ["de", "en-US", "ja", "zh-CN"]) {
        assert.ok(
          files.includes(`dist/nodes/locales/${language}/${name}.json`),
          `catalog of ${name}, ${language}`,
        );
        assert.ok(
          files.includes(`dist/nodes/locales/${language}/${name}.html`),
          `help of ${name}, ${language}`,
        );
      }
    }
    for (const file of ["package.json", "README.md", "LICENSE", "dist/quectel-modem-simulator.js"]) {
      assert.ok(files.includes(file), file);
    }
    assert.ok(files.some((file) => /^dist\/nodes\/icons\/.*\.svg$/.test(file)));
    assert.ok(files.some((file) => /^examples\/.*\.json$/.test(file)));
  });

  it("holds no sources, tests or machine files", () => {
    const foreign = files.filter((file) =>
      /(^|\/)(test|scripts|\.ci|node_modules)\/|(?<!\.d)\.ts$/.test(file),
    );
    assert.deepEqual(foreign, []);
  });

  it("holds no source maps, because the sources that they point to are not there", () => {
    assert.deepEqual(
      files.filter((file) => file.endsWith(".map")),
      [],
    );
  });

  it("is the same, to the last byte and to the id of its build, when it is built again", async () => {
    assert.ok(former.size > 10);
    assert.deepEqual([...(await built())], [...former]);
  });

  it("is smaller than 1 MB", async () => {
    const { size } = await stat(tarball);
    assert.ok(size < 1_000_000, `${size} bytes`);
  });

  for (const version of nodeRedVersions()) {
    it(`registers all node types in an empty Node-RED ${version.name} without install scripts or warnings`, async () => {
      const { startNodeRed } = await import("../../../scripts/demo/node-red.mjs");
      const { freePorts } = await import("../../../scripts/demo/ports.mjs");
      const [port] = await freePorts(1);
      assert.ok(port);
      const log: string[] = [];
      const nodeRed = await startNodeRed({
        ...version,
        port,
        flows: [],
        onLine: (line) => log.push(line),
        prepare: async (userDir) => {
          await writeFile(join(userDir, "package.json"), JSON.stringify({ name: "fresh", private: true }));
          await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", tarball], {
            cwd: userDir,
          });
        },
      });
      try {
        const response = await fetch(new URL("nodes", nodeRed.url), {
          headers: { accept: "application/json" },
        });
        const sets = ((await response.json()) as NodeSet[]).filter((set) => set.module === manifest.name);
        assert.deepEqual(
          sets.filter((set) => !set.enabled || set.err !== undefined),
          [],
        );
        assert.deepEqual(
          sets.flatMap((set) => set.types).sort(),
          Object.keys(manifest["node-red"].nodes).sort(),
        );
        assert.deepEqual(complaints(log), []);
      } finally {
        await nodeRed.stop();
      }
    });
  }
});
