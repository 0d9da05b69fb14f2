/** What the package holds in another form than the sources says the same. Needs `npm run build`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runInThisContext } from "node:vm";
import { build } from "esbuild";
import manifest from "../../package.json";
import { ERROR_TABLE, SPECIAL_HINTS } from "../../lib/error-table";
import { characterNames } from "../../lib/mail/message/html-character-names";
import { PROVIDERS } from "../../lib/mail/providers/provider-table";
import { FINDINGS } from "../../lib/quectel/diagnosis/findings";
import { cmeWords } from "../../lib/simulator/line/cme-words";
import { variantTable } from "../../lib/simulator/variants/variant-table";

const ROOT = join(__dirname, "../..");

interface Replaced {
  readonly ERROR_TABLE: unknown;
  readonly SPECIAL_HINTS: unknown;
  readonly PROVIDERS: readonly object[];
  readonly FINDINGS: unknown;
  readonly characterNames: () => string;
  readonly variantTable: unknown;
  readonly cmeWords: unknown;
}

type Loader = (module: object, require: NodeJS.Require, folder: string) => void;

/** The modules as they come into the bundle, which exports few of them. */
async function replaced(): Promise<Replaced> {
  const { bundledData, CATALOG } = await import("../../scripts/bundled-data.mjs");
  const sources = [
    "lib/error-table/index.ts",
    "lib/mail/providers/provider-table.ts",
    "lib/quectel/diagnosis/findings.ts",
    "lib/mail/message/html-character-names.ts",
    "lib/simulator/line/cme-words.ts",
    "lib/simulator/variants/variant-table.ts",
  ];
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    stdin: {
      contents: sources.map((source) => `export * from "./${source}";`).join("\n"),
      resolveDir: ROOT,
    },
    bundle: true,
    platform: "node",
    format: "cjs",
    write: false,
    external: [CATALOG],
    plugins: [bundledData(ROOT)],
  });
  const module = { exports: {} as Replaced };
  const run = runInThisContext(`((module, require, __dirname) => {${outputFiles[0]?.text}})`) as Loader;
  run(module, createRequire(join(ROOT, "dist/core.js")), join(ROOT, "dist"));
  return module.exports;
}

describe("The package", () => {
  let packed: Replaced;

  before(async () => {
    packed = await replaced();
  });

  it("has the text, hint, class and number of every error, and every other hint", () => {
    assert.deepEqual(packed.ERROR_TABLE, ERROR_TABLE);
    assert.deepEqual(packed.SPECIAL_HINTS, SPECIAL_HINTS);
  });

  it("has every mail server but for where its facts come from, and every finding of a test", () => {
    assert.deepEqual(
      packed.PROVIDERS,
      PROVIDERS.map(({ rootsFrom: _roots, loginFrom: _login, ...rest }) => rest),
    );
    assert.deepEqual(packed.FINDINGS, FINDINGS);
  });

  it("has every character of HTML that has a name", () => {
    assert.equal(packed.characterNames(), characterNames());
  });

  it("has every switch and every word for an error of the simulated modem", () => {
    assert.deepEqual(packed.variantTable, variantTable);
    assert.deepEqual(packed.cmeWords, cmeWords);
  });

  it("declares to a program what it exports, in types that say when they are misused", function () {
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), "program-"));
    try {
      const { name } = manifest;
      mkdirSync(join(folder, "node_modules", dirname(name)), { recursive: true });
      symlinkSync(ROOT, join(folder, "node_modules", name));
      writeFileSync(join(folder, "program.mts"), PROGRAM.replaceAll("PACKAGE", name));
      const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
      const types = ["--types", "node", "--typeRoots", join(ROOT, "node_modules/@types")];
      const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", ...types];
      const { stdout, status } = spawnSync(process.execPath, [tsc, ...options, "program.mts"], {
        cwd: folder,
        encoding: "utf8",
      });
      assert.deepEqual([stdout, status], ["", 0]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const PROGRAM = `
import { ERROR_TABLE, isModemError, ModemError, type ErrorCode } from "PACKAGE";
import { cell, change, ERROR, inboxServer, randomFaults, SimulatedModem, simulatorTransport, storageSizes, variantTable } from "PACKAGE/simulator";
import type { CommandContext, Device, FaultPlan, FinalResult, InboxMail, Variants } from "PACKAGE/simulator";

const faults: FaultPlan = randomFaults({ seed: 7, bytes: 100 });
const modem = new SimulatedModem({ variants: { "subject-coding": "raw" }, faults });
const coding: Variants["subject-coding"] = "hex";
const refuse = (context: CommandContext): FinalResult => (context.name === "+CSQ" ? ERROR : { kind: "ok" } as never);
const remove: () => void = modem.define(refuse);
const bytes: number = modem.state(storageSizes).UFS;
const device: Device = modem;
modem.once("started", () => change(device, cell, { rssi: 2 }));
const mails: (mail: InboxMail) => string = ({ subject }) => String(subject);
const code: ErrorCode = "PORT_BUSY";
const error: Error = new ModemError(code, { detail: "it" });
if (isModemError(error)) console.log(error.hint, ERROR_TABLE[error.code].class);
void simulatorTransport(modem)().open();
console.log(coding, remove, bytes, mails, inboxServer, variantTable["subject-coding"].values);

// @ts-expect-error no such value
const wrong: Variants["subject-coding"] = "octal";
// @ts-expect-error no such code
new ModemError("PORT_LOST");
// @ts-expect-error private
modem.registry;
console.log(wrong);
`;
