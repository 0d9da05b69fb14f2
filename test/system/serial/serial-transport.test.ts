/** The serial transport on pseudo terminals, through the real serialport package. Needs socat. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Channel } from "../../../lib/at/channel";
import { nothing } from "../../../lib/at/command";
import type { ModemError } from "../../../lib/errors";
import { openError } from "../../../lib/serial/serial-errors";
import { SerialTransport, type SerialOptions } from "../../../lib/serial/serial-transport";
import { asking, telling, withCode } from "../../support/at-bench";
import { PtyPair } from "../../support/pty-pair";

function transport(path: string, more: Partial<SerialOptions> = {}): SerialTransport {
  return new SerialTransport({
    path,
    baudRate: 115_200,
    flowControl: "none",
    dtr: "leave",
    rts: "leave",
    ...more,
  });
}

/** A module on the other end: answers command lines, and takes `payload` bytes after QFUPL. */
async function attachModule(path: string, answers: Record<string, string>): Promise<SerialTransport> {
  const module = transport(path);
  await module.open();
  let input = Buffer.alloc(0);
  let payload = 0;
  const say = (text: string): void => void module.write(Buffer.from(text, "latin1")).catch(() => undefined);
  module.on("data", (bytes) => {
    input = Buffer.concat([input, bytes]);
    for (;;) {
      if (payload > 0) {
        if (input.length < payload) return;
        const sum = createHash("sha256").update(input.subarray(0, payload)).digest("hex");
        input = input.subarray(payload);
        payload = 0;
        say(`\r\n+QFUPL: ${sum}\r\n\r\nOK\r\n`);
      }
      const end = input.indexOf("\r");
      if (end < 0) return;
      const line = input.subarray(0, end).toString("latin1");
      input = input.subarray(end + 1);
      payload = Number(/^AT\+QFUPL=(\d+)$/.exec(line)?.[1] ?? 0);
      const probes = line.split(";").filter((part) => part.endsWith("+CMEE?")).length;
      if (payload > 0) say("\r\nCONNECT\r\n");
      else say(answers[line] ?? `${"\r\n+CMEE: 1\r\n".repeat(probes)}\r\nOK\r\n`);
    }
  });
  return module;
}

describe("the serial transport on a pseudo terminal", function () {
  this.timeout(20_000);
  let pair: PtyPair;
  let open: SerialTransport[];

  beforeEach(async () => {
    pair = await PtyPair.open();
    open = [];
  });

  afterEach(async () => {
    for (const one of open) await one.close();
    await pair.close();
  });

  function host(more: Partial<SerialOptions> = {}): SerialTransport {
    const one = transport(pair.host, more);
    open.push(one);
    return one;
  }

  async function module(answers: Record<string, string> = {}): Promise<SerialTransport> {
    const one = await attachModule(pair.modem, answers);
    open.push(one);
    return one;
  }

  it("carries a dialogue, each line whole, whatever the reads are (S9: a parser glued lines)", async () => {
    await module({ "AT+CSQ": "\r\n+CSQ: 24,99\r\n\r\nOK\r\n" });
    const serial = host();
    await serial.open();
    const channel = new Channel(serial);
    assert.deepEqual(await channel.execute(asking("AT+CSQ", "+CSQ")), ["+CSQ: 24,99"]);
    await channel.execute(telling("AT"));
    await channel.close();
  });

  it("carries a payload of 1 MiB unchanged", async () => {
    await module();
    const serial = host();
    await serial.open();
    const channel = new Channel(serial);
    const content = randomBytes(1 << 20);
    const sum = createHash("sha256").update(content).digest("hex");
    const command = asking(`AT+QFUPL=${content.length}`, "+QFUPL", {
      timeoutMs: 10_000,
      payload: { size: content.length, source: content },
    });
    assert.deepEqual(await channel.execute(command), [`+QFUPL: ${sum}`]);
    await channel.close();
  });

  it("says PORT_BUSY while another program that locks has the port (S2)", async () => {
    const first = host();
    await first.open();
    const second = host();
    await assert.rejects(second.open(), withCode("PORT_BUSY"));
    await first.close();
    const third = host();
    await third.open();
  });

  it("says PORT_DENIED to a user who may not", async () => {
    chmodSync(realpathSync(pair.host), 0o600);
    const home = mkdtempSync(join(tmpdir(), "denied-"));
    try {
      // Root may open anything, so somebody else has to try; the script stands where he can read it.
      chmodSync(home, 0o755);
      const script = join(home, "open.cjs");
      copyFileSync(resolve(__dirname, "../../support/open-port.cjs"), script);
      const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
      if (nobody.uid === undefined) chmodSync(realpathSync(pair.host), 0o000);
      const serialport = require.resolve("serialport");
      const child = spawn(process.execPath, [script, serialport, realpathSync(pair.host)], {
        cwd: home,
        ...nobody,
      });
      let output = "";
      child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
      child.stderr.on("data", (bytes: Buffer) => (output += bytes.toString()));
      await once(child, "close");
      assert.equal(openError(new Error(output)).code, "PORT_DENIED", output);
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  it("says PORT_UNPLUGGED once when the port vanishes, and fails what is under way (S3)", async () => {
    const serial = host();
    await serial.open();
    const ends: (ModemError | undefined)[] = [];
    serial.on("closed", (error) => ends.push(error));
    const closed = once(serial, "closed");
    await pair.unplug();
    await closed;
    await assert.rejects(serial.write(Buffer.from("AT\r")), withCode("PORT_CLOSED"));
    assert.deepEqual(
      ends.map((error) => error?.code),
      ["PORT_UNPLUGGED"],
    );
  });

  it("notices that the port vanishes at any moment after open, also between two reads of serialport (S3)", async () => {
    for (let count = 0; count < 8; count++) {
      const other = await PtyPair.open();
      const serial = transport(other.host);
      await serial.open();
      const closed = once(serial, "closed");
      await other.unplug();
      await closed;
      await other.close();
    }
  });

  it("fails a command in flight when the port vanishes", async () => {
    await module({ "AT+QIACT=1": "" });
    const serial = host();
    await serial.open();
    const channel = new Channel(serial);
    await channel.sync();
    const outcome = assert.rejects(
      channel.execute(telling("AT+QIACT=1", { timeoutMs: 150_000 })),
      withCode("PORT_UNPLUGGED"),
    );
    await pair.unplug();
    await outcome;
  });

  it("sends nothing of an old connection to a port that comes back under the same name (S4)", async () => {
    const old = host();
    await old.open();
    const closed = once(old, "closed");
    const folder = await pair.unplug();
    await closed;
    await assert.rejects(old.write(Buffer.from("AT+QSMTPPUT=300\r")));
    pair = await PtyPair.open(folder);
    const seen: string[] = [];
    const module = transport(pair.modem);
    open.push(module);
    await module.open();
    module.on("data", (bytes) => seen.push(bytes.toString()));
    const fresh = host();
    await fresh.open();
    const heard = once(module, "data");
    await fresh.write(Buffer.from("AT\r"));
    await heard;
    assert.deepEqual(seen, ["AT\r"]);
  });

  it("follows a link to another device at each open, as after replugging under another number", async () => {
    const first = host();
    await first.open();
    const before = realpathSync(pair.host);
    // The old device stays taken, so the new one gets another number.
    const other = await PtyPair.open();
    const closed = once(first, "closed");
    const folder = await pair.unplug();
    await closed;
    pair = await PtyPair.open(folder);
    const second = host();
    await second.open();
    assert.ok(before.startsWith("/dev/pts/"));
    await other.close();
  });

  it("can be closed while it opens", async () => {
    const serial = host();
    const outcome = assert.rejects(serial.open(), withCode("PORT_CLOSED"));
    await serial.close();
    await outcome;
    const again = host();
    await again.open();
  });

  it("closes at once although the other side takes no bytes", async () => {
    const serial = host();
    await serial.open();
    const stuck = assert.rejects(
      (async () => {
        for (;;) await serial.write(Buffer.alloc(64 * 1024, 0x78));
      })(),
      withCode("PORT_CLOSED"),
    );
    await new Promise((done) => setImmediate(done));
    const start = performance.now();
    await serial.close();
    await stuck;
    assert.ok(performance.now() - start < 2_000);
  });

  it("emits closed without an error after close, and close may be called again", async () => {
    const serial = host();
    await serial.open();
    const ends: unknown[] = [];
    serial.on("closed", (error) => ends.push(error));
    await Promise.all([serial.close(), serial.close()]);
    await serial.close();
    assert.deepEqual(ends, [undefined]);
  });

  it("gives out nothing that comes in while it closes", async () => {
    const serial = host();
    await serial.open();
    const heard: Buffer[] = [];
    serial.on("data", (bytes) => heard.push(bytes));
    const port: unknown = Reflect.get(serial, "port");
    assert.ok(port instanceof EventEmitter);
    port.emit("data", Buffer.from("before"));
    const closing = serial.close();
    port.emit("data", Buffer.from("after"));
    await closing;
    assert.equal(Buffer.concat(heard).toString(), "before");
  });

  it("takes settings of control lines for done where there are none", async () => {
    const serial = host({ dtr: "on", rts: "off" });
    await serial.open();
    await serial.set({ dtr: false });
  });

  it("names both control lines whenever it sets one, and raises none that is to stay off (S6, S7)", async () => {
    const { SerialPort } = await import("serialport");
    const set: unknown = Reflect.get(SerialPort.prototype, "set");
    assert.ok(typeof set === "function");
    const asked: unknown[] = [];
    SerialPort.prototype.set = function (lines, done) {
      asked.push(lines);
      Reflect.apply(set, this, [lines, done]);
    };
    try {
      for (const dtr of ["leave", "off"] as const) {
        asked.length = 0;
        const serial = host({ dtr });
        await serial.open();
        await serial.set({ dtr: false });
        await serial.set({ dtr: true });
        const kept = { dtr: dtr === "leave", rts: true };
        const low = { dtr: false, rts: true };
        assert.deepEqual(asked, dtr === "leave" ? [low, kept] : [low, low, low]);
        await serial.close();
      }
    } finally {
      Reflect.set(SerialPort.prototype, "set", set);
    }
  });

  it("is ready for hardware flow control", async () => {
    await module({ AT: "\r\nOK\r\n" });
    const serial = host({ flowControl: "rtscts" });
    await serial.open();
    const channel = new Channel(serial);
    await channel.execute({ line: "AT", headers: [], timeoutMs: 1_000, parse: nothing });
    await channel.close();
  });
});
