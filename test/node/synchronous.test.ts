/** Nothing on the way of a mail waits for the disk: while it does, the whole runtime stands still. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { MailServer } from "../support/mail-server";
import { FlowBench, helperNode, sendNode } from "./support/flow-bench";
import { ServedModem } from "./support/served-modem";

type Work = (...args: unknown[]) => unknown;
const SYNCHRONOUS = Object.keys(fs).filter(
  (name) => name.endsWith("Sync") && typeof Reflect.get(fs, name) === "function",
) as "readFileSync"[];

describe("A mail on its way through the nodes", () => {
  const bench = new FlowBench();
  let server: MailServer;
  let served: ServedModem;
  let folder: string;

  before(async () => {
    // Another part of the runtime may have loaded it first, with which `require` does not remember where ours is.
    require("nodemailer/lib/addressparser");
    folder = await mkdtemp(join(tmpdir(), "quectel-files-"));
    server = await MailServer.start();
    served = await ServedModem.start();
  });

  after(async () => {
    mock.restoreAll();
    await bench.end();
    await served.stop();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("accesses no file synchronously: neither its spool, nor what it attaches, nor on refusal", async () => {
    const picture = join(folder, "picture.jpg");
    await writeFile(picture, Buffer.alloc(300_000, 7));
    const attach = {
      id: "attach",
      type: "quectel-attach-file",
      z: "tab",
      name: "",
      mode: "preload",
      modem: "modem",
      source: picture,
      sourceType: "path",
      filename: "",
      filenameType: "str",
      wires: [["send"], []],
    };
    await bench.load([
      served.node(server.port),
      attach,
      sendNode(),
      helperNode("sent"),
      helperNode("failed"),
    ]);
    const alarm = {
      to: "duty@example.com",
      bcc: "boss@example.com",
      topic: "Pegel",
      payload: "Füllstand 94 %",
    };
    const inject = (): void => {
      bench.inject("attach", { ...alarm, attachments: [{ filename: "log.csv", content: "a;b\r\n" }] });
      bench.inject("send", { ...alarm, to: "no address", bcc: "" });
    };
    // The first mail loads what is loaded when first needed.
    inject();
    await bench.received("sent");
    await bench.received("failed");
    // Once for both transactions, the one to duty and the one to boss, and the picture in advance.
    assert.deepEqual(
      served.lines("AT+QFUPL").map((line) => /"(?:RAM|UFS):(\w+)/.exec(line)?.[1]),
      ["picture", "log"],
    );
    const calls: string[] = [];
    for (const name of SYNCHRONOUS) {
      const real = fs[name] as Work;
      mock.method(fs, name, ((...args: unknown[]) => {
        calls.push(`${name} ${String(args[0])} ${new Error().stack}`);
        return real(...args);
      }) as never);
    }
    inject();
    const sent = await bench.received("sent", 2);
    await bench.received("failed", 2);
    mock.restoreAll();
    assert.deepEqual(calls, []);
    assert.equal(sent.smtp.status, "sent");
  });
});
