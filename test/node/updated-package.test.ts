/**
 * Node-RED goes on while the package is updated on the disk below it: what was loaded by then works, what was not says so, and no
 * mail is lost. The nodes are those of the package as it is packed, in a folder of their own. Needs `npm run build`.
 */
import assert from "node:assert/strict";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Script } from "node:vm";
import type { NodeInitializer } from "node-red";
import helper from "node-red-node-test-helper";
import manifest from "../../package.json";
import { ERROR_TABLE } from "../../lib/errors";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { FlowBench, type FlowNode, helperNode, modemNode, sendNode } from "./support/flow-bench";

type Loose = ReturnType<JSON["parse"]>;

const ROOT = resolve(__dirname, "../..");
const { text: TEXT, hint: HINT } = ERROR_TABLE.PACKAGE_UPDATED;

/** What an update may leave of a file for those who run the former build. */
const CHANGES = {
  "of another build": (code) => {
    const changed = code.replace(/sameBuild\("[0-9a-f]{14}"\)/, 'sameBuild("0123456789abcd")');
    assert.notEqual(changed, code);
    return changed;
  },
  gone: () => undefined,
  // Within a call: elsewhere a part may be a program of its own.
  "written in part": (code) => code.slice(0, code.indexOf("(", code.length / 2) + 1),
} as const satisfies Record<string, (code: string) => string | undefined>;

function compiles(code: string): boolean {
  try {
    return new Script(code) instanceof Script;
  } catch {
    return false;
  }
}

/** The package in a folder of its own. */
class InstalledPackage {
  private readonly folder = mkdtempSync(join(tmpdir(), "updated-package-"));

  constructor() {
    cpSync(join(ROOT, "dist"), join(this.folder, "dist"), {
      recursive: true,
      filter: (path) => !path.endsWith(".map"),
    });
    cpSync(join(ROOT, "package.json"), join(this.folder, "package.json"));
    mkdirSync(join(this.folder, "node_modules"));
    // Each by itself, so that one can be missing.
    for (const name of readdirSync(join(ROOT, "node_modules"))) {
      if (!name.startsWith("."))
        symlinkSync(join(ROOT, "node_modules", name), this.dependency(name), "junction");
    }
  }

  /** A dependency is not found from now on. */
  hide(name: string): void {
    rmSync(this.dependency(name));
  }

  /** The same of a part of it. */
  hidePart(name: string, part: string): void {
    this.hide(name);
    cpSync(join(ROOT, "node_modules", name), this.dependency(name), { recursive: true });
    rmSync(join(this.dependency(name), part), { recursive: true });
  }

  restorePart(name: string, part: string): void {
    const path = join(name, part);
    cpSync(join(ROOT, "node_modules", path), this.dependency(path), { recursive: true });
  }

  private dependency(name: string): string {
    return join(this.folder, "node_modules", name);
  }

  /** Its nodes, from now on in memory, in a runtime that is still to be started. */
  start(): FlowBench {
    const nodes = Object.values(manifest["node-red"].nodes).map((file): NodeInitializer =>
      require(join(this.folder, file)),
    );
    return new FlowBench([], nodes);
  }

  /** @param change undefined: the file is gone */
  change(file: string, change: (code: string) => string | undefined): void {
    const path = join(this.folder, "dist", file);
    const changed = change(readFileSync(path, "latin1"));
    if (changed === undefined) rmSync(path);
    else writeFileSync(path, changed, "latin1");
  }

  restore(file: string): void {
    cpSync(join(ROOT, "dist", file), join(this.folder, "dist", file));
  }

  remove(): void {
    for (const file of Object.keys(require.cache)) {
      if (file.startsWith(this.folder)) delete require.cache[file];
    }
    rmSync(this.folder, { recursive: true });
  }
}

describe("After an update of the package on the disk below a running Node-RED", function () {
  this.timeout(120_000);
  let installed: InstalledPackage;
  let bench: FlowBench;
  let server: MailServer;

  const load = (modem: object, ...more: FlowNode[]): Promise<void> =>
    bench.load([
      ...more,
      modemNode(server.port, modem),
      sendNode(),
      helperNode("sent"),
      helperNode("failed"),
      { id: "catch", type: "catch", z: "tab", wires: [["caught"]] },
      helperNode("caught"),
    ]);
  const outbox = { id: "outbox", type: "quectel-outbox", z: "tab", modem: "modem", wires: [[], []] };
  const alarm = (topic: string, more: object = {}): void =>
    bench.inject("send", { to: "duty@example.com", topic, payload: "94 %", ...more });
  /** The modem is said to need a restart of Node-RED. */
  const isTold = async (): Promise<void> => {
    const { error } = await bench.received("caught");
    assert.ok(error.message.endsWith(`Simulated modem: ${TEXT}. ${HINT}`), error.message);
  };
  const waits = (count: number): Promise<unknown> =>
    waitFor(`${count} mails on the disk`, async () => {
      // The folder is made with the first of them.
      const names = await bench.mailsOnDisk().catch(() => []);
      return names.length === count;
    });
  /** A test by the dialog, to its end. */
  const tested = async (kind: string, properties: object): Promise<Loose> => {
    const order = {
      kind,
      modem: "modem",
      flow: "",
      properties,
      credentials: {},
      recipient: "duty@example.com",
    };
    const { body } = await bench.ask("/quectel-modem/connection-tests", order);
    return waitFor(`the end of ${kind}`, async () => {
      const { body: view } = await bench.ask(`/quectel-modem/connection-tests/${body.id}`);
      return view.phase === "ended" ? view : undefined;
    });
  };
  const subjects = (): readonly (string | undefined)[] => server.received.map(({ parsed }) => parsed.subject);

  before(async () => {
    await new Promise<void>((started) => helper.startServer(started));
    server = await MailServer.start();
  });
  after(async () => {
    await server.stop();
    await new Promise<void>((stopped) => helper.stopServer(stopped));
  });
  beforeEach(() => {
    server.received.length = 0;
    installed = new InstalledPackage();
    bench = installed.start();
  });
  afterEach(async () => {
    await bench.end();
    installed.remove();
  });

  it("a modem that needs SMTP over sockets says so and keeps its mails, and sends them by the next try once the file is there", async () => {
    let waiting = 0;
    for (const change of Object.values(CHANGES)) {
      installed.change("smtp.js", change);
      if (waiting > 0) await bench.unload();
      await load({ mailer: "socket" }, outbox);
      await isTold();
      alarm(`Level ${++waiting}`);
      await waits(waiting);
      await bench.showsStatus("send", new RegExp(`restart Node-RED · ${waiting} `));
      assert.deepEqual([bench.count("sent"), bench.count("failed"), subjects()], [0, 0, []]);
      installed.restore("smtp.js");
    }
    let resumedAt = -Infinity;
    await waitFor("the mails", () => {
      // A mail that was tried without the file may hold the outbox just after a resume.
      if (performance.now() - resumedAt >= 1_000) {
        resumedAt = performance.now();
        bench.inject("outbox", { action: "resume" });
      }
      return subjects().length === waiting;
    });
    assert.deepEqual(new Set(subjects()), new Set(["Level 1", "Level 2", "Level 3"]));
  });

  it("a file that was written in part says so even where it runs to its end", async () => {
    installed.change("smtp.js", (code) => {
      const ends = [...code.slice(0, code.length / 2).matchAll(/\}function /g)].map(({ index }) => index + 1);
      const part = ends.map((end) => code.slice(0, end)).findLast(compiles);
      assert.ok(part !== undefined, "no part of the file runs to its end");
      return part;
    });
    await load({ mailer: "socket" });
    await isTold();
    alarm("Level high");
    await waits(1);
    assert.deepEqual([bench.count("sent"), bench.count("failed")], [0, 0]);
  });

  it("a modem that sends by sockets alone says at its start that nodemailer is not whole, and sends once it is", async () => {
    installed.hidePart("nodemailer", "dist/cjs/smtp-connection");
    await load({ mailer: "socket" }, outbox);
    await isTold();
    alarm("Level high");
    await waits(1);
    assert.deepEqual([bench.count("sent"), bench.count("failed"), subjects()], [0, 0, []]);
    installed.restorePart("nodemailer", "dist/cjs/smtp-connection");
    await waitFor("the mail", () => {
      bench.inject("outbox", { action: "flush" });
      return bench.count("sent") > 0;
    });
    assert.deepEqual(subjects(), ["Level high"]);
  });

  it("Test modem and Send test mail say so, and leave the port free", async () => {
    installed.change("smtp.js", CHANGES.gone);
    const { id: _, type: __, ...properties } = modemNode(server.port, { mailer: "socket" });
    await bench.load([helperNode("other")]);
    for (const kind of ["diagnosis", "mail", "diagnosis"]) {
      const { end, steps } = await tested(kind, properties);
      const failed = steps.filter(({ status }: Loose) => status === "failed");
      assert.deepEqual(
        [end, failed.map(({ code, detail, hint }: Loose) => [code, detail, hint])],
        [{ kind: "done" }, [["PACKAGE_UPDATED", TEXT, HINT]]],
      );
    }
    assert.deepEqual(subjects(), []);
  });

  it("a modem that sends by its own client is not concerned, and one that chooses keeps only what that client cannot carry", async () => {
    installed.change("smtp.js", CHANGES.gone);
    await load({ mailer: "module" });
    alarm("Level high");
    const byModule = await bench.received("sent");
    assert.deepEqual([byModule.smtp.via, bench.count("caught")], ["module", 0]);
    await bench.unload();

    await load({ mailer: "auto" });
    await isTold();
    // The module's client takes no such address.
    alarm("Report", { to: "wärter@example.com" });
    await waits(1);
    alarm("Level low");
    const { smtp } = await bench.received("sent");
    assert.deepEqual([smtp.via, subjects()], ["module", ["Level high", "Level low"]]);
    await waits(1);
    assert.equal(bench.count("failed"), 0);
  });

  it("a mail that needs nodemailer, which is gone, stops none that the module's own client carries", async () => {
    await load({ mailer: "auto" });
    alarm("Level high");
    await bench.received("sent");
    installed.hide("nodemailer");
    // The module's client takes no such address.
    alarm("Report", { to: "wärter@example.com" });
    await waits(1);
    alarm("Level low");
    const { smtp } = await bench.received("sent", 2);
    assert.deepEqual([smtp.via, subjects()], ["module", ["Level high", "Level low"]]);
    await waits(1);
    assert.equal(bench.count("failed"), 0);
  });

  it("the simulated modem, of another build, says so and keeps the mail", async () => {
    installed.change("simulator.js", CHANGES["of another build"]);
    // With another node before the Catch node, which is not yet there when the modem is asked for.
    await load({}, outbox);
    await isTold();
    alarm("Level high");
    await waits(1);
    await bench.showsStatus("send", /restart Node-RED/);
    assert.deepEqual([bench.count("sent"), bench.count("failed")], [0, 0]);
  });
});

describe("A package without its files of names", function () {
  this.timeout(120_000);
  it("works as before but for the names", async () => {
    const installed = new InstalledPackage();
    const server = await MailServer.start();
    const names = readdirSync(join(ROOT, "dist")).filter((file) => file.endsWith("names.br"));
    assert.ok(names.includes("core.names.br"), names.join());
    names.forEach((file, at) =>
      installed.change(file, at % 2 === 0 ? CHANGES["written in part"] : CHANGES.gone),
    );
    const bench = installed.start();
    try {
      await bench.load([
        modemNode(server.port, { mailer: "module" }),
        sendNode(),
        helperNode("sent"),
        helperNode("failed"),
      ]);
      bench.inject("send", {
        to: "duty@example.com",
        topic: "Level high",
        payload: "<p>5 k&Omega; &lt; 6</p>",
      });
      const { smtp } = await bench.received("sent");
      assert.equal(smtp.status, "sent");
    } finally {
      await bench.end();
      await server.stop();
      installed.remove();
    }
  });
});
