/** What the package loads, and when: all of it would be read at each start of Node-RED. Needs `npm run build`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "../..");

/** Files below the package's folder that a fresh process has loaded after `script`, as paths from there. */
function loadedAfter(script: string): readonly string[] {
  const run = spawnSync(
    process.execPath,
    [
      "-e",
      `(async () => { ${script} })().then(() => console.log(JSON.stringify(Object.keys(require.cache))))`,
    ],
    { cwd: ROOT, encoding: "utf8" },
  );
  assert.equal(run.status, 0, run.stderr);
  // The last line: what is loaded may say something on its own.
  const files = JSON.parse(run.stdout.trim().split("\n").at(-1) ?? "") as readonly string[];
  return files.map((file) => file.replace(`${ROOT}/`, ""));
}

/** Names of the packages among the files. */
function packagesOf(files: readonly string[]): readonly string[] {
  const names = files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/** Stands for the runtime: every part of it can be called and asked for its parts. */
const RUNTIME = `
  const anything = new Proxy(() => anything, {
    get: (_target, name) => (name === Symbol.toPrimitive ? () => "" : name === "then" ? undefined : anything),
  });`;
const REGISTER = `${RUNTIME}
  const { nodes } = require("./package.json")["node-red"];
  for (const file of Object.values(nodes)) require("./" + file)(anything);`;

describe("At the start of Node-RED", () => {
  it("the nodes load no other package: no serialport, no charset tables, no parser of addresses", () => {
    assert.deepEqual(packagesOf(loadedAfter(REGISTER)), []);
  });

  it("the nodes do not load the simulated modem", () => {
    const files = loadedAfter(REGISTER);
    assert.ok(files.includes("dist/nodes/quectel-modem.js"));
    assert.deepEqual(
      files.filter((file) => file.startsWith("dist/lib/simulator/")),
      [],
    );
  });

  it("the library loads no other package", () => {
    const files = loadedAfter('require("./dist/lib/index.js");');
    assert.ok(files.includes("dist/lib/index.js"));
    assert.deepEqual(packagesOf(files), []);
  });
});

describe("When it is first needed", () => {
  it("serialport is loaded: with the first port that is opened", () => {
    const files = loadedAfter(`
      const { SerialTransport } = require("./dist/lib/serial/serial-transport.js");
      const line = { baudRate: 115200, flowControl: "none", dtr: "leave", rts: "leave" };
      await new SerialTransport({ path: "/dev/no-such-port", ...line }).open().catch(() => undefined);`);
    assert.ok(packagesOf(files).includes("serialport"));
  });

  it("the tables of charsets are loaded: with the first text in GB 2312 or Big5, and not with one in UTF-8", () => {
    const coding = (text: string, charset: string): string => `
      require("./dist/lib/mailer/qsmtp/compose/charset.js").codeText("${text}", "${charset}");`;
    assert.deepEqual(packagesOf(loadedAfter(coding("Füllstand", "auto"))), []);
    assert.deepEqual(packagesOf(loadedAfter(coding("Level", "gb2312"))), []);
    assert.ok(packagesOf(loadedAfter(coding("水位", "gb2312"))).includes("iconv-lite"));
  });
});
