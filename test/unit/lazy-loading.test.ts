/** What the package loads, and when: all of it would be read at each start of Node-RED. Needs `npm run build`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json";

const ROOT = join(__dirname, "../..");
const { nodes } = manifest["node-red"];

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

  it("the nodes open their own file each and two that they share, and neither that of the simulated modem nor that of SMTP over sockets", () => {
    const files = loadedAfter(REGISTER);
    assert.ok(files.includes("dist/nodes/quectel-modem.js"));
    const shared = files.filter((file) => file.startsWith("dist/") && !file.startsWith("dist/nodes/"));
    assert.deepEqual(shared.sort(), ["dist/base.js", "dist/core.js"]);
    assert.ok(files.filter((file) => file.startsWith("dist/")).length <= 10);
  });

  it("what a program requires loads neither nodes nor another package", () => {
    const files = loadedAfter('require("./dist/index.js"); require("./dist/simulator.js");');
    const texts = "dist/nodes/locales/en-US/quectel-modem.json";
    assert.deepEqual([...files].sort(), ["dist/base.js", "dist/index.js", texts, "dist/simulator.js"]);
  });
});

describe("The files of the package", () => {
  const files = readdirSync(join(ROOT, "dist")).filter((file) => file.endsWith(".js"));

  it("hold each module once, so that a class is the same for nodes and programs", () => {
    const sources = files.flatMap((file) => {
      const map = JSON.parse(readFileSync(join(ROOT, "dist", `${file}.map`), "utf8")) as {
        sources: string[];
      };
      return map.sources.filter((source) => /^\.\.\/(?:lib|nodes)\//.test(source));
    });
    assert.ok(sources.length > 300, `${sources.length} modules`);
    assert.deepEqual(
      sources.filter((source, at) => sources.indexOf(source) !== at),
      [],
    );
  });

  it("carry the id of one build, and refuse to be loaded beside those of another", () => {
    const idOf = (file: string): string | undefined =>
      /\.sameBuild\("([0-9a-f]{14})"\)/.exec(readFileSync(join(ROOT, "dist", file), "utf8"))?.[1];
    const others = files.filter((file) => file !== "base.js");
    const [id, ...more] = new Set(others.map(idOf));
    assert.deepEqual([typeof id, more], ["string", []]);
    const { sameBuild }: { sameBuild: (id: string) => void } = require("../../dist/base.js");
    sameBuild(String(id));
    assert.throws(() => sameBuild("0123456789abcd"), /updated on disk/);
  });

  it("throw errors of the one class that a program requires: the nodes' ports, the facts program's, the simulated modem's", async () => {
    const { ModemError, isModemError }: typeof import("../../lib") = require("../../dist/index.js");
    const {
      simulatorTransport,
      SimulatedModem,
    }: typeof import("../../lib/simulator") = require("../../dist/simulator.js");
    type Shared<Of> = { readonly shared: Of };
    const {
      shared: ofNodes,
    }: Shared<typeof import("../../lib/serial/serial-transport")> = require("../../dist/core.js");
    const { shared: ofBase }: Shared<typeof import("../../lib/errors")> = require("../../dist/base.js");
    assert.equal(ofBase.ModemError, ModemError);
    const { SmtpMailer }: typeof import("../../lib/mailer/smtp") = require("../../dist/smtp.js");
    const envelope = { to: ["duty@example.com"], cc: [], bcc: [] };
    const overSocket = await new SmtpMailer(ANYTHING).recover({ envelope } as never, {
      via: "socket",
      data: null,
    });
    const line = { baudRate: 115200, flowControl: "none", dtr: "leave", rts: "leave" } as const;
    const simulated = simulatorTransport(new SimulatedModem())();
    await simulated.open();
    const thrown = await Promise.all([
      failure(() => new ofNodes.SerialTransport({ path: "/dev/no-such-port", ...line }).open()),
      failure(() => simulated.open()),
    ]);
    await simulated.close();
    thrown.unshift(overSocket.error);
    for (const error of thrown) {
      assert.ok(error instanceof ModemError, String(error));
      assert.ok(isModemError(error));
    }
    assert.deepEqual(
      thrown.map((error) => isModemError(error) && error.code),
      ["MODEM_RESULT_UNKNOWN", "PORT_NOT_FOUND", "PORT_CLOSED"],
    );
  });

  it("name functions and classes in stack traces as the sources do", async () => {
    for (const file of Object.values<string>(nodes)) {
      const initialise: (RED: object) => void = require(join(ROOT, file));
      const { stack = "" } = (await failure(() => Promise.resolve(initialise(REFUSING)))) as Error;
      assert.match(stack, / at (?:initialise|register\w+)\d* \(.*dist\/core\.js:/);
      // A short name would be one of two or three letters.
      assert.doesNotMatch(stack.replaceAll(ROOT, ""), / at (?:async )?\w{1,3} \(.*dist\//);
    }
    const { SimulatedModem }: typeof import("../../lib/simulator") = require("../../dist/simulator.js");
    const clock = new Proxy({}, { get: () => assert.fail("no clock") });
    const { stack = "" } = (await failure(() =>
      Promise.resolve(new SimulatedModem({ clock: clock as never })),
    )) as Error;
    assert.match(stack, / at new SimulatedModem \(.*dist\/simulator\.js:/);
  });
});

/** What `work` throws. */
async function failure(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

/** Every part of it can be called and asked for its parts. */
const ANYTHING: never = new Proxy(() => ANYTHING, { get: (): never => ANYTHING }) as never;

/** A runtime that takes nothing. */
const REFUSING = new Proxy(
  {},
  {
    get: () => {
      throw new Error("refused");
    },
  },
);

describe("When it is first needed", () => {
  it("serialport is loaded: with the first port that is opened", () => {
    const files = loadedAfter(`
      const { SerialTransport } = require("./build/lib/serial/serial-transport.js");
      const line = { baudRate: 115200, flowControl: "none", dtr: "leave", rts: "leave" };
      await new SerialTransport({ path: "/dev/no-such-port", ...line }).open().catch(() => undefined);`);
    assert.ok(packagesOf(files).includes("serialport"));
  });

  it("the tables of charsets are loaded: with the first text in GB 2312 or Big5, and not with one in UTF-8", () => {
    const coding = (text: string, charset: string): string => `
      require("./build/lib/mailer/qsmtp/compose/coded-text.js").codeText("${text}", "${charset}");`;
    assert.deepEqual(packagesOf(loadedAfter(coding("Füllstand", "auto"))), []);
    assert.deepEqual(packagesOf(loadedAfter(coding("Level", "gb2312"))), []);
    assert.ok(packagesOf(loadedAfter(coding("水位", "gb2312"))).includes("iconv-lite"));
  });
});
