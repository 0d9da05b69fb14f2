/**
 * The command lines of a public driver for the EC20 (RT-Thread at_device, class ec20), in its order, over a TCP port of the
 * simulated module and against a real server. The reader below takes from the line what that driver takes: `>` as an end
 * of a command, lines, and the number of bytes that the recv line of direct push mode announces.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { internet, SimulatedModem } from "../../../lib/simulator";
import { serveTcp } from "../../../lib/simulator/serve/tcp-server";
import { LoopbackServer } from "./loopback-server";

const START = [
  "AT",
  "ATV1",
  "ATE0",
  "AT+CMEE=2",
  "AT+IPR?",
  "ATI",
  "AT+GSN",
  "AT+CPIN?",
  "AT+CIMI",
  "AT+CSQ",
  "AT+CREG?",
  "AT+CGREG?",
  "AT+CEREG?",
  "AT+COPS?",
  "AT+QICSGP=1",
  "AT+QIDEACT=1",
  "AT+QIACT=1",
  "AT+QIACT?",
  "AT+QIDNSCFG=1",
  "AT+QISTATE=1,0",
] as const;

class Driver {
  private bytes = "";
  private wake: () => void = () => undefined;

  constructor(private readonly line: Socket) {
    line.on("data", (bytes: Buffer) => {
      this.bytes += bytes.toString("latin1");
      this.wake();
    });
  }

  write(text: string): void {
    this.line.write(Buffer.from(text, "latin1"));
  }

  /** Takes everything up to the end of a match. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.bytes);
      if (match !== null) {
        this.bytes = this.bytes.slice(match.index + match[0].length);
        return match;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async command(line: string): Promise<void> {
    this.write(`${line}\r\n`);
    await this.until(/\r\nOK\r\n/);
  }

  async send(id: number, block: string): Promise<void> {
    this.write(`AT+QISEND=${id},${block.length}\r\n`);
    await this.until(/>/);
    this.write(block);
    await this.until(/SEND OK\r\n/);
  }

  /** What is pushed, until so many bytes have come. */
  async receive(id: number, count: number): Promise<string> {
    let text = "";
    while (text.length < count) {
      const length = Number((await this.until(new RegExp(`\\+QIURC: "recv",${id},(\\d+)\\r\\n`)))[1]);
      text += (await this.until(new RegExp(`^[^]{${length}}`)))[0];
    }
    return text;
  }
}

describe("A public EC20 driver at the simulated module", () => {
  it("starts, opens sockets in direct push mode, carries bytes both ways on two of them, and closes them", async () => {
    const modem = new SimulatedModem({ variants: { "socket-echo": "off" } });
    Object.assign(modem.state(internet), { loopbackOnly: true });
    const served = await serveTcp(modem, { portName: "usbat", host: "127.0.0.1", tcpPort: 0 });
    const line = connect(Number(served.address.split(":").at(-1)), "127.0.0.1");
    const server = await LoopbackServer.listen();
    try {
      await once(line, "connect");
      const driver = new Driver(line);
      for (const command of START) await driver.command(command);
      for (const id of [0, 1]) {
        await driver.command(`AT+QIOPEN=1,${id},"TCP","127.0.0.1",${server.port},0,1`);
        await driver.until(new RegExp(`\\+QIOPEN: ${id},0\\r\\n`));
      }
      const request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
      const reply = `HTTP/1.1 200 OK\r\n\r\n${"0123456789".repeat(400)}\r\nOK\r\n`;
      for (const id of [0, 1]) {
        await driver.send(id, request);
        await driver.command(`AT+QISEND=${id},0`);
        server.peers[id]?.write(reply);
        assert.equal(await driver.receive(id, reply.length), reply);
      }
      server.peers[1]?.end();
      await driver.until(/\+QIURC: "closed",1\r\n/);
      for (const id of [0, 1]) await driver.command(`AT+QICLOSE=${id},1`);
      assert.deepEqual(
        server.peers.map((peer) => peer.bytesRead),
        [request.length, request.length],
      );
    } finally {
      line.destroy();
      modem.powerOff();
      await Promise.all([served.close(), server.close()]);
    }
  });
});
