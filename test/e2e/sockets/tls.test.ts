/** TLS over a socket of the module, by Node's own client, with a real mail server on loopback. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createServer, connect as connectTls, type TLSSocket } from "node:tls";
import type { AddressInfo } from "node:net";
import { systemClock } from "../../../lib/clock";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import type { ModuleSocket } from "../../../lib/quectel/sockets/module-socket";
import { ModuleSockets } from "../../../lib/quectel/sockets/module-sockets";
import { SimulatedModem, simulatorTransport, type Timing } from "../../../lib/simulator";
import { certificate } from "../../support/certificates";
import { MailServer } from "../../support/mail-server";
import { modemOn, NETWORK } from "../../support/module-replies";

const CA = certificate("ca").cert;

interface Station {
  readonly module: SimulatedModem;
  connect(port: number): Promise<ModuleSocket>;
  close(): Promise<void>;
}

async function station(timing: Partial<Timing> = {}): Promise<Station> {
  const module = new SimulatedModem({ timing });
  const { modem } = modemOn(simulatorTransport(module), systemClock);
  const pdp = new PdpContext(modem, NETWORK);
  const sockets = new ModuleSockets(modem, memoryStore());
  modem.acquire();
  await modem.whenReady();
  await pdp.activate();
  return {
    module,
    connect: (port) =>
      sockets.connect({ contextId: 1, host: "127.0.0.1", port }, new AbortController().signal),
    close: async () => {
      pdp.close();
      await modem.close();
    },
  };
}

/** A dialogue of lines: says one and waits for the last line of the reply. */
function dialogueOn(stream: Duplex): { reply: () => Promise<string>; end: () => void } {
  const lines = createInterface({ input: stream });
  const iterator = lines[Symbol.asyncIterator]();
  return {
    reply: async () => {
      for (;;) {
        const { value, done } = await iterator.next();
        if (done === true) throw new Error("the server has ended");
        if (/^\d{3} /.test(value)) return value;
      }
    },
    end: () => lines.close(),
  };
}

async function sendMail(stream: Duplex, size: number, greeting: "greets" | "has greeted"): Promise<void> {
  const { reply } = dialogueOn(stream);
  if (greeting === "greets") assert.ok((await reply()).startsWith("220"));
  const say = async (line: string, code: string): Promise<void> => {
    stream.write(`${line}\r\n`);
    assert.ok((await reply()).startsWith(code), line);
  };
  await say("EHLO [192.0.2.7]", "250");
  await say("MAIL FROM:<pump7@example.com>", "250");
  await say("RCPT TO:<ops@example.com>", "250");
  await say("DATA", "354");
  const text = `${"The level is too high. OK\r\n".repeat(Math.ceil(size / 27)).slice(0, size - 2)}\r\n`;
  await say(`Subject: level\r\n\r\n${text}.`, "250");
  await say("QUIT", "221");
}

function secured(socket: ModuleSocket): TLSSocket {
  return connectTls({ socket, ca: CA, servername: "mail.example.com", minVersion: "TLSv1.3" });
}

describe("TLS over a socket of the module", function () {
  this.timeout(60_000);
  let host: Station;
  let server: MailServer | undefined;
  afterEach(async () => {
    await host.close();
    await server?.stop();
    server = undefined;
  });

  it("1.3 from the first byte carries a mail of 100 kB to a real server", async () => {
    server = await MailServer.start({ tls: "implicit" });
    host = await station();
    const stream = secured(await host.connect(server.port));
    await once(stream, "secureConnect");
    assert.equal(stream.getProtocol(), "TLSv1.3");
    assert.equal(stream.authorized, true);
    await sendMail(stream, 100_000, "greets");
    const mail = await server.waitForMail();
    assert.equal(mail.secure, true);
    assert.ok(mail.raw.length > 100_000);
    stream.destroy();
  });

  it("by STARTTLS upgrades the open connection", async () => {
    server = await MailServer.start({ tls: "starttls" });
    host = await station();
    const socket = await host.connect(server.port);
    const clear = dialogueOn(socket);
    assert.ok((await clear.reply()).startsWith("220"));
    socket.write("EHLO [192.0.2.7]\r\n");
    assert.ok((await clear.reply()).startsWith("250"));
    socket.write("STARTTLS\r\n");
    assert.ok((await clear.reply()).startsWith("220"));
    clear.end();
    socket.removeAllListeners("data");
    const stream = secured(socket);
    await once(stream, "secureConnect");
    await sendMail(stream, 2_000, "has greeted");
    assert.equal((await server.waitForMail()).secure, true);
    stream.destroy();
  });

  it("trusts nobody else than Node would", async () => {
    server = await MailServer.start({ tls: "implicit", certificate: certificate("other-name") });
    host = await station();
    const stream = secured(await host.connect(server.port));
    const [error] = await once(stream, "error");
    assert.equal((error as NodeJS.ErrnoException).code, "ERR_TLS_CERT_ALTNAME_INVALID");
    stream.destroy();
  });

  it("brings 10 MB in with no more memory than one, however slowly they are read", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const [megabytes, piece] = [10, Buffer.alloc(16_384, "OK\r\n")];
    const sender = createServer({ ...certificate("server") }, (peer) => {
      peer.on("error", () => undefined);
      let left = (megabytes * 1_048_576) / piece.length;
      const write = (): void => {
        while (left-- > 0) if (!peer.write(piece)) return void peer.once("drain", write);
        peer.end();
      };
      write();
    });
    sender.listen(0, "127.0.0.1");
    await once(sender, "listening");
    host = await station();
    const { module } = host;
    const stream = secured(await host.connect((sender.address() as AddressInfo).port));
    let received = 0;
    const used: number[] = [];
    for await (const bytes of stream) {
      const before = received;
      received += (bytes as Buffer).length;
      // What the simulated module notes of each byte is none of the socket's.
      module.log.clear();
      if (Math.floor(before / 1_048_576) === Math.floor(received / 1_048_576)) continue;
      // A reader who takes his time once in a while.
      let least = Number.POSITIVE_INFINITY;
      // What one collection finds unused, another may free: the buffers behind it, and what hung on them.
      for (let look = 0; look < 5; look++) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        collect();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        least = Math.min(least, heapUsed + arrayBuffers);
      }
      used.push(least);
    }
    assert.equal(received, megabytes * 1_048_576);
    // A socket that keeps what was read holds 5 MB more in the second half, one that reads ahead without bound 5 MB less.
    // The least of each half counts: what other tests of this process have left comes and goes.
    const half = used.length / 2;
    const grown = Math.min(...used.slice(half)) - Math.min(...used.slice(0, half));
    assert.ok(Math.abs(grown) < 4_000_000, `${used.map((bytes) => Math.round(bytes / 1024)).join(", ")} KiB`);
    sender.close();
    await once(sender, "close");
  });
});
