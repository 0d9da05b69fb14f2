import assert from "node:assert/strict";
import { join, sep } from "node:path";
import { Channel } from "../../../lib/at/channel";
import { Tokenizer } from "../../../lib/at/tokenizer";
import { Trace } from "../../../lib/serial/trace";
import { telling } from "../../support/at-bench";
import { ScriptedTransport } from "../../support/scripted-transport";
import { VirtualClock } from "../../support/virtual-clock";
import { allocatedBy } from "./allocated-bytes";

const LIBRARY = join(__dirname, "../../../lib") + sep;
const isOfPackage = (file: string): boolean => file.includes(LIBRARY);

describe("what the engine allocates", () => {
  it("is at most 1.4 kB for a line, cut out of reads of 64 bytes", async () => {
    const repeats = 200;
    const bytes = Buffer.from("\r\n+CSQ: 24,99\r\n\r\nOK\r\n+QSMTPPUT: 0,0\r\n".repeat(repeats));
    let lines = 0;
    const cut = (): void => {
      const tokenizer = new Tokenizer();
      for (let at = 0; at < bytes.length; at += 64) {
        tokenizer.push(bytes.subarray(at, at + 64));
        while (tokenizer.next() !== undefined) lines++;
      }
    };
    cut();
    lines = 0;
    const allocated = await allocatedBy(cut);
    assert.equal(lines, 3 * repeats);
    assert.ok(allocated > 0);
    assert.ok(allocated / lines <= 1_400, `${allocated / lines} bytes a line`);
  });

  it("is at most 6 kB for a command and its answer", async () => {
    const commands = 50;
    const clock = new VirtualClock();
    const channel = new Channel(new ScriptedTransport({ "AT+CSQ": "\r\nOK\r\n" }), { clock });
    await clock.until(channel.sync());
    const give = async (): Promise<void> => {
      for (let count = 0; count < commands; count++) await clock.until(channel.execute(telling("AT+CSQ")));
    };
    await give();
    const allocated = await allocatedBy(give, isOfPackage);
    assert.ok(allocated > 0);
    assert.ok(allocated / commands <= 6_000, `${allocated / commands} bytes a command`);
  });

  it("is at most 500 bytes for each RDY of a storm, recorded by the trace", async () => {
    const lines = 500;
    const clock = new VirtualClock();
    const transport = new ScriptedTransport({});
    const trace = new Trace(clock);
    trace.enabled = true;
    trace.hide(["7-R7 secret"]);
    trace.watch(transport);
    const channel = new Channel(transport, { clock });
    let heard = 0;
    channel.on("unsolicited", () => heard++);
    const storm = Buffer.from("\r\nRDY\r\n".repeat(lines));
    const pour = async (): Promise<void> => {
      transport.emit("data", storm);
      await Promise.resolve();
    };
    await pour();
    const allocated = await allocatedBy(pour, isOfPackage);
    assert.equal(heard, 2 * lines);
    assert.ok(allocated > 0);
    assert.ok(allocated / lines <= 500, `${allocated / lines} bytes a line`);
  });
});
