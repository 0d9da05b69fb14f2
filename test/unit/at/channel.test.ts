import assert from "node:assert/strict";
import { Channel } from "../../../lib/at/channel";
import { nothing, type Command } from "../../../lib/at/command";
import { ScriptedTransport, type Reply } from "../../support/scripted-transport";
import { VirtualClock } from "../../support/virtual-clock";

function open(replies: Record<string, Reply>): {
  clock: VirtualClock;
  modem: ScriptedTransport;
  channel: Channel;
} {
  const clock = new VirtualClock();
  const modem = new ScriptedTransport(replies);
  return { clock, modem, channel: new Channel(modem, { clock }) };
}

const csq: Command<readonly string[]> = {
  line: "AT+CSQ",
  headers: ["+CSQ"],
  timeout: 300,
  parse: (response) => response.lines,
};

describe("a channel", () => {
  it("answers a command with its information text", async () => {
    const { clock, channel } = open({ "AT+CSQ": "\r\n+CSQ: 19,99\r\n\r\nOK\r\n" });
    assert.deepEqual(await clock.until(channel.execute(csq)), ["+CSQ: 19,99"]);
  });

  it("runs the commands one after the other", async () => {
    const { clock, channel, modem } = open({
      "AT+CSQ": "\r\n+CSQ: 19,99\r\n\r\nOK\r\n",
      AT: "\r\nOK\r\n",
    });
    const plain: Command<void> = { line: "AT", headers: [], timeout: 300, parse: nothing };
    await clock.until(Promise.all([channel.execute(csq), channel.execute(plain), channel.execute(csq)]));
    assert.deepEqual(modem.written.slice(-3), ["AT+CSQ", "AT", "AT+CSQ"]);
  });

  it("sends a payload after CONNECT and takes the result behind it", async () => {
    const { clock, channel, modem } = open({
      "AT+QSMTPBODY=0,12,60": (_line, transport) => {
        transport.dataLeft = 12;
        transport.onData = () => transport.send("\r\n+QSMTPBODY: 12\r\n\r\nOK\r\n");
        return "\r\nCONNECT\r\n";
      },
    });
    const lines = await clock.until(
      channel.execute({
        line: "AT+QSMTPBODY=0,12,60",
        headers: ["+QSMTPBODY"],
        timeout: 5000,
        payload: { size: 12, source: Buffer.from("Hello world!") },
        parse: (response) => response.lines,
      }),
    );
    assert.deepEqual(lines, ["+QSMTPBODY: 12"]);
    assert.equal(modem.data.toString(), "Hello world!");
  });
});
