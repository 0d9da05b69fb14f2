import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { ModemError } from "../../../lib/errors";
import { TcpTransport } from "../../../lib/serial/tcp-transport";
import { withCode } from "../../support/at-bench";
import { FastClock } from "../../support/fast-clock";

describe("the TCP transport", () => {
  let server: Server;
  let sockets: Socket[];

  beforeEach(async () => {
    sockets = [];
    server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });

  function transport(): TcpTransport {
    return new TcpTransport({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  }

  async function connected(): Promise<{ tcp: TcpTransport; peer: Socket }> {
    const tcp = transport();
    const accepted = once(server, "connection") as Promise<[Socket]>;
    await tcp.open();
    return { tcp, peer: (await accepted)[0] };
  }

  it("carries bytes both ways, whatever they are", async () => {
    const { tcp, peer } = await connected();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_value, index) => index));
    const there = once(peer, "data") as Promise<[Buffer]>;
    await tcp.write(bytes);
    await tcp.drain();
    assert.deepEqual((await there)[0], bytes);
    const back = once(tcp, "data") as Promise<[Buffer]>;
    peer.write(bytes);
    assert.deepEqual((await back)[0], bytes);
    await tcp.set();
    await tcp.close();
  });

  it("names itself, is held back by TCP and has no rate of its own", () => {
    const tcp = new TcpTransport({ host: "::1", port: 2217 });
    assert.deepEqual([tcp.label, tcp.flowControlled, tcp.bitRate], ["tcp://[::1]:2217", true, undefined]);
    assert.equal(new TcpTransport({ host: "gateway", port: 1 }).label, "tcp://gateway:1");
  });

  it("says PORT_REFUSED when nobody listens", async () => {
    const tcp = transport();
    server.close();
    await once(server, "close");
    const ends: unknown[] = [];
    tcp.on("closed", (error) => ends.push(error));
    await assert.rejects(tcp.open(), withCode("PORT_REFUSED"));
    assert.deepEqual(ends, []);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });

  it("gives up when the server does not answer in time", async () => {
    // This clock lets no I/O happen, so the connection cannot come up before the time is over.
    const clock = new FastClock();
    const { port } = server.address() as AddressInfo;
    const tcp = new TcpTransport({ host: "127.0.0.1", port, connectTimeoutMs: 3_000, clock });
    await assert.rejects(clock.until(tcp.open()), withCode("PORT_FAILED"));
    assert.equal(clock.now(), 3_000);
    await tcp.close();
  });

  it("writes nothing before it is open, and nothing after its end (S4)", async () => {
    const fresh = transport();
    await assert.rejects(fresh.write(Buffer.from("AT+QSMTPPUT=300\r")), withCode("PORT_CLOSED"));
    await assert.rejects(fresh.drain(), withCode("PORT_CLOSED"));
    const { tcp, peer } = await connected();
    const received: Buffer[] = [];
    peer.on("data", (bytes: Buffer) => received.push(bytes));
    await tcp.close();
    await assert.rejects(tcp.write(Buffer.from("AT\r")), withCode("PORT_CLOSED"));
    await assert.rejects(tcp.set(), withCode("PORT_CLOSED"));
    assert.deepEqual(received, []);
  });

  it("is opened once: the next connection is a new object", async () => {
    const { tcp } = await connected();
    await assert.rejects(tcp.open(), withCode("PORT_CLOSED"));
    await tcp.close();
    await assert.rejects(tcp.open(), withCode("PORT_CLOSED"));
  });

  for (const [name, end] of [
    ["ends its half only", (peer: Socket) => peer.end()],
    ["resets the connection", (peer: Socket) => peer.resetAndDestroy()],
  ] as const) {
    it(`says PORT_UNPLUGGED once when the server ${name}, and fails what is under way`, async () => {
      const { tcp, peer } = await connected();
      const ends: (ModemError | undefined)[] = [];
      tcp.on("closed", (error) => ends.push(error));
      const closed = once(tcp, "closed");
      end(peer);
      await closed;
      await assert.rejects(tcp.write(Buffer.from("AT\r")), withCode("PORT_CLOSED"));
      await tcp.close();
      assert.deepEqual(
        ends.map((error) => error?.code),
        ["PORT_UNPLUGGED"],
      );
    });
  }

  for (const [how, chunks] of [
    ["at once", [[255, 251, 1, 255, 253, 44]]],
    ["byte by byte", [[255], [253], [44]]],
  ] as const) {
    it(`says PORT_TELNET of a server that negotiates ${how}, and hands no negotiation on`, async () => {
      const { tcp, peer } = await connected();
      const received: Buffer[] = [];
      tcp.on("data", (bytes) => received.push(bytes));
      const closed = once(tcp, "closed") as Promise<[ModemError]>;
      for (const chunk of chunks) {
        peer.write(Buffer.from(chunk));
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal((await closed)[0].code, "PORT_TELNET");
      assert.ok(!Buffer.concat(received).includes(253));
      await tcp.close();
    });
  }

  it("is not misled by 255 at the start of what is no negotiation, nor by a negotiation in the data", async () => {
    const { tcp, peer } = await connected();
    const received: Buffer[] = [];
    tcp.on("data", (bytes) => received.push(bytes));
    const bytes = Buffer.from([255, 1, 255, 251, 1]);
    peer.write(bytes);
    while (Buffer.concat(received).length < bytes.length) await once(tcp, "data");
    assert.deepEqual(Buffer.concat(received), bytes);
    await tcp.close();
  });

  it("holds the writer back when the server does not read, and lets go of it at the end", async () => {
    const { tcp, peer } = await connected();
    peer.pause();
    let written = 0;
    const writing = (async () => {
      for (;;) {
        await tcp.write(Buffer.alloc(1 << 20));
        written++;
      }
    })();
    writing.catch(() => undefined);
    await once(peer, "readable");
    await tcp.close();
    await assert.rejects(writing, withCode("PORT_CLOSED"));
    assert.ok(written < 64);
  });

  it("emits closed without an error after close, and close may be called again", async () => {
    const { tcp } = await connected();
    const ends: unknown[] = [];
    tcp.on("closed", (error) => ends.push(error));
    await Promise.all([tcp.close(), tcp.close()]);
    await tcp.close();
    assert.deepEqual(ends, [undefined]);
  });

  it("can be closed while it opens, or before", async () => {
    const opening = transport();
    const outcome = assert.rejects(opening.open(), withCode("PORT_CLOSED"));
    await opening.close();
    await outcome;
    const fresh = transport();
    await fresh.close();
    await assert.rejects(fresh.open(), withCode("PORT_CLOSED"));
  });
});
