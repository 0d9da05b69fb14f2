import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { VariantChoice } from "../../../lib/simulator";
import { Dialogue, type DialogueOptions } from "./dialogue";
import { SocketBench } from "./loopback-server";

/** Resolves when a connection is over, however it ended. */
const closeOf = (peer: Socket): Promise<unknown> => new Promise((resolve) => peer.once("close", resolve));

describe("TCP sockets of the simulated module", () => {
  let bench: SocketBench;
  const open = async (options: DialogueOptions = {}): Promise<SocketBench> => {
    bench = await SocketBench.open(options);
    return bench;
  };
  const withVariants = (variants: VariantChoice): Promise<SocketBench> => open({ variants });
  afterEach(() => bench.close());

  it("play the dialogue of the reference in buffer access mode, byte by byte", async () => {
    const { host, server } = await open();
    await bench.exactly(`AT+QIOPEN=1,0,"TCP","mail.example.com",${server.port},0,0\r`, "\r\nOK\r\n");
    await bench.exactly("", "\r\n+QIOPEN: 0,0\r\n");
    await host.clock.run(() => server.peers.length === 1);
    server.peer.write("220 mail.example.com ESMTP is ready\r\n");
    await bench.exactly("", '\r\n+QIURC: "recv",0\r\n');
    await bench.exactly(
      "AT+QIRD=0,1500\r",
      "\r\n+QIRD: 37\r\n220 mail.example.com ESMTP is ready\r\n\r\nOK\r\n",
    );
    await bench.exactly("AT+QIRD=0,1500\r", "\r\n+QIRD: 0\r\n\r\nOK\r\n");
    await bench.exactly("AT+QISEND=0,26\r", "\r\n> ");
    await bench.exactly("EHLO [10.20.30.40]\r\nNOOP\r\n", "\r\nSEND OK\r\n");
    await bench.arrived("EHLO [10.20.30.40]\r\nNOOP\r\n");
    await bench.exactly("AT+QISEND=0,0\r", "\r\n+QISEND: 26,26,0\r\n\r\nOK\r\n");
    server.peer.end();
    await bench.exactly("", '\r\n+QIURC: "closed",0\r\n');
    await bench.exactly("AT+QICLOSE=0,1\r", "\r\nOK\r\n");
    await bench.exactly("AT+QISTATE?\r", "\r\nOK\r\n");
  });

  it("carry every byte both ways, result codes and escapes among them", async () => {
    const { host, server } = await open();
    await bench.connect();
    const wild = `\0\r\nOK\r\n> \x1a\x1b+++\r\n+QIURC: "closed",0\r\nSEND FAIL\r\n${String.fromCharCode(
      ...Array.from({ length: 256 }, (_none, code) => code),
    )}`;
    assert.equal(await bench.send(0, Buffer.from(wild, "latin1")), "SEND OK");
    await bench.arrived(wild);
    server.peer.write(Buffer.from(wild, "latin1"));
    await host.urc('+QIURC: "recv",0');
    await bench.exactly("AT+QIRD=0\r", `\r\n+QIRD: ${wild.length}\r\n${wild}\r\nOK\r\n`);
  });

  it("say recv once until QIRD has emptied the buffer, and count what was read", async () => {
    const { host, server } = await open();
    await bench.connect();
    server.peer.write("abcdef");
    await bench.exactly("", '\r\n+QIURC: "recv",0\r\n');
    server.peer.write("ghi");
    await host.clock.run(() => server.peer.bytesWritten === 9);
    await bench.exactly("AT+QIRD=0,4\r", "\r\n+QIRD: 4\r\nabcd\r\nOK\r\n");
    assert.equal(await host.command("AT+QIRD=0,0"), "+QIRD: 9,4,5 | OK");
    await bench.exactly("AT+QIRD=0\r", "\r\n+QIRD: 5\r\nefghi\r\nOK\r\n");
    server.peer.write("j");
    await bench.exactly("", '\r\n+QIURC: "recv",0\r\n');
  });

  it("push their data behind the URC in mode 1, and are read no more", async () => {
    const { server } = await open();
    await bench.connect(3, 1);
    server.peer.write("two\r\nlines");
    await bench.exactly("", '\r\n+QIURC: "recv",3,10\r\ntwo\r\nlines');
    await bench.exactly("AT+QIRD=3\r", "\r\nERROR\r\n");
  });

  it("change from buffer to push and back by QISWTMD; what waited is pushed", async () => {
    const { server } = await open();
    await bench.connect();
    server.peer.write("one");
    await bench.exactly("", '\r\n+QIURC: "recv",0\r\n');
    await bench.exactly("AT+QISWTMD=0,1\r", '\r\n+QIURC: "recv",0,3\r\none\r\nOK\r\n');
    await bench.exactly("AT+QISWTMD=0,0\r", "\r\nOK\r\n");
    server.peer.write("two");
    await bench.exactly("", '\r\n+QIURC: "recv",0\r\n');
    await bench.exactly("AT+QISWTMD=0,2\r", "\r\nERROR\r\n");
  });

  it("are twelve, each with its own bytes, and listed with their state", async () => {
    const { host, server } = await open();
    for (let id = 0; id < 12; id++) await bench.connect(id);
    for (let id = 0; id < 12; id++) assert.equal(await bench.send(id, `to ${id}`), "SEND OK");
    await host.clock.run(() => server.peers.every((peer) => peer.bytesRead >= 4));
    assert.deepEqual(
      server.peers.map((peer) => peer.bytesRead),
      [...Array(10).fill(4), 5, 5],
    );
    const port = server.peers[11]?.remotePort;
    assert.equal(
      await host.command("AT+QISTATE=1,11"),
      `+QISTATE: 11,"TCP","127.0.0.1",${server.port},${port},2,1,11,0,"usbat" | OK`,
    );
    assert.equal((await host.command("AT+QISTATE?")).split(" | ").length, 13);
    assert.equal((await host.command("AT+QISTATE=0,1")).split(" | ").length, 13);
    assert.equal(await host.command("AT+QISTATE=0,2"), "OK");
    assert.equal(await host.command('AT+QIOPEN=1,12,"TCP","mail.example.com",25'), "ERROR");
  });

  for (const [what, host, port, error] of [
    ["a name that is not known", "nobody.invalid", 25, 566],
    ["a port that refuses", "mail.example.com", 1, 566],
    ["a host beyond loopback", "192.0.2.1", 25, 566],
  ] as const) {
    it(`report ${error} for ${what}, and the id is free again`, async () => {
      await open();
      await bench.exactly(`AT+QIOPEN=1,0,"TCP","${host}",${port}\r`, "\r\nOK\r\n");
      await bench.exactly("", `\r\n+QIOPEN: 0,${error}\r\n`);
      assert.match(await bench.host.command("AT+QIGETERROR"), new RegExp(`^\\+QIGETERROR: ${error},`));
      await bench.connect();
      assert.equal(await bench.host.command("AT+QIGETERROR"), "+QIGETERROR: 0,operate successfully | OK");
    });
  }

  it("report 561 without a context, 563 for an id in use, 556 for a local port in use", async () => {
    const { host, server } = await open();
    await host.configure(`AT+QIOPEN=2,0,"TCP","mail.example.com",${server.port}`);
    assert.equal(await host.urc("+QIOPEN"), "+QIOPEN: 0,561");
    await bench.connect();
    await host.configure(`AT+QIOPEN=1,0,"TCP","mail.example.com",${server.port}`);
    assert.equal(await host.urc("+QIOPEN"), "+QIOPEN: 0,563");
    const taken = server.port;
    await host.configure(`AT+QIOPEN=1,1,"TCP","mail.example.com",${server.port},${taken}`);
    assert.match(await host.urc("+QIOPEN"), /^\+QIOPEN: 1,(556|566)$/);
  });

  for (const line of [
    'AT+QIOPEN=0,0,"TCP","mail.example.com",25',
    'AT+QIOPEN=1,0,"TCP","mail.example.com",0',
    'AT+QIOPEN=1,0,"TCP","",25',
    'AT+QIOPEN=1,0,"TCP",mail.example.com,25',
    'AT+QIOPEN=1,0,"UDP","mail.example.com",25',
    'AT+QIOPEN=1,0,"TCP","mail.example.com",25,0,2',
    'AT+QIOPEN=1,0,"TCP","mail.example.com",25,0,0,1',
    "AT+QISEND=0,1461",
    "AT+QISEND=0,5",
    "AT+QISEND=0",
    "AT+QISEND=0,5,1",
    "AT+QISEND=12,5",
    "AT+QIRD=0",
    "AT+QIRD=0,1501",
    "AT+QICLOSE=12",
    "AT+QISTATE=2,0",
    "AT+QISDE=2",
    'AT+QISENDEX=0,"4"',
  ]) {
    it(`answer ${line} with ERROR`, async () => {
      await open();
      assert.equal(await bench.host.command(line), "ERROR");
    });
  }

  it("outlive a host that restarts: another one finds them, with what came meanwhile", async () => {
    const { host, server } = await open();
    await bench.connect();
    const other = new Dialogue({}, host, "usbmodem");
    assert.match(await other.command("AT+QISTATE=1,0"), /^\+QISTATE: 0,"TCP".*,"usbat" \| OK$/);
    server.peer.write("late");
    await host.urc('+QIURC: "recv",0');
    assert.equal(await other.command("AT+QIRD=0"), "+QIRD: 4 | late | OK");
  });

  for (const [what, end] of [
    ["QIDEACT", (): unknown => bench.host.configure("AT+QIDEACT=1")],
    ["loss of the context", (): unknown => bench.host.modem.emit("contextLost", 1)],
    ["a restart", (): unknown => bench.host.modem.restart()],
  ] as const) {
    it(`end with ${what}, and the peer sees it`, async () => {
      const { host, server } = await open();
      await bench.connect();
      const ended = once(server.peer, "end");
      await end();
      await host.clock.until(ended);
      await host.clock.run(() => host.modem.clock.now() >= 0);
      await host.command("ATE0");
      assert.equal(await host.command("AT+QISTATE?"), "OK");
    });
  }

  it("wait with QICLOSE for the peer, but no longer than told; 0 resets at once", async () => {
    const { host, server } = await open();
    await bench.connect();
    const began = host.clock.now();
    await host.configure("AT+QICLOSE=0,3");
    assert.equal(host.clock.now() - began, 3000);
    await bench.connect();
    server.peer.on("end", () => server.peer.end());
    const second = host.clock.now();
    host.write("AT+QICLOSE=0,3\r");
    await host.clock.busy(closeOf(server.peer));
    await host.expect(/OK\r\n/);
    assert.ok(host.clock.now() - second <= 3000);
    await bench.connect();
    const reset = closeOf(server.peer);
    await host.configure("AT+QICLOSE=0,0");
    await host.clock.until(reset);
  });

  it("send by hex digits and in hex digits under dataformat, and read inline under viewmode", async () => {
    const { host, server } = await open();
    await bench.connect();
    await bench.exactly('AT+QISENDEX=0,"4f4B0d0A"\r', "\r\nSEND OK\r\n");
    await bench.arrived("OK\r\n");
    await host.configure('AT+QICFG="dataformat",1,1');
    assert.equal(await bench.send(0, "48690D"), "SEND OK");
    await bench.arrived("OK\r\nHi\r");
    server.peer.write("go\n");
    await bench.exactly("", '\r\n+QIURC: "recv",0\r\n');
    await bench.exactly("AT+QIRD=0\r", "\r\n+QIRD: 3\r\n676F0A\r\nOK\r\n");
    await host.configure('AT+QICFG="dataformat",0,0', 'AT+QICFG="viewmode",1');
    server.peer.write("go\n");
    await bench.exactly("", '\r\n+QIURC: "recv",0\r\n');
    await bench.exactly("AT+QIRD=0\r", "\r\n+QIRD: 3,go\n\r\nOK\r\n");
  });

  it("send a text that ends with Ctrl-Z, and drop one that ESC cancels", async () => {
    await open();
    await bench.connect();
    await bench.exactly("AT+QISEND=0\r", "\r\n> ");
    await bench.exactly("hello\x1a", "\r\nSEND OK\r\n");
    await bench.exactly("AT+QISEND=0\r", "\r\n> ");
    await bench.exactly("nothing\x1b", "\r\nOK\r\n");
    await bench.exactly("AT+QISEND=0\r", "\r\n> ");
    await bench.exactly("!\x1a", "\r\nSEND OK\r\n");
    await bench.arrived("hello!");
  });

  it("refuse a block that has no room with SEND FAIL, and take it when the uplink has made room", async () => {
    const { host, server } = await open({ timing: { uplink: 10_000, roundTripMs: 200 } });
    await bench.connect();
    const block = "x".repeat(1460);
    let taken = 0;
    while ((await bench.send(0, block)) === "SEND OK") taken++;
    assert.equal(taken, 14);
    assert.equal(await host.command("AT+QISEND=0,0"), "+QISEND: 20440,0,20440 | OK");
    await host.clock.advance(1000);
    const [, total, acked, unacked] = /(\d+),(\d+),(\d+)/.exec(await host.command("AT+QISEND=0,0")) ?? [];
    assert.equal(total, "20440");
    assert.equal(Number(acked) + Number(unacked), 20_440);
    assert.ok(Number(acked) >= 5840 && Number(acked) <= 8760, acked);
    assert.equal(await bench.send(0, block), "SEND OK");
    await bench.arrived(block.repeat(15));
    assert.ok(server.peer.bytesRead === 15 * 1460);
  });

  it("leave a peer waiting that sends more than the receive buffer holds, and lose nothing", async () => {
    const { host, server } = await open();
    await host.configure('AT+QICFG="recv/buffersize",10240');
    await bench.connect();
    const much = Buffer.alloc(8_000_000, "0123456789abcdef");
    server.peer.write(much);
    await host.urc('+QIURC: "recv",0');
    const unread = async (): Promise<number> =>
      Number(/\+QIRD: \d+,\d+,(\d+)/.exec(await host.command("AT+QIRD=0,0"))?.[1]);
    assert.ok((await unread()) < 200_000);
    assert.ok(server.peer.writableLength > 0, "the peer could write all");
    let got = 0;
    for (let round = 0; round < 200; round++) {
      const answer = await host.command("AT+QIRD=0,1500");
      const [, data = ""] = /^\+QIRD: \d+ \| (.*) \| OK$/s.exec(answer) ?? [];
      assert.equal(data, much.toString("latin1", got, got + data.length));
      got += data.length;
    }
    assert.equal(got, 300_000);
  });

  describe("where firmware differs", () => {
    it("know none of their commands", async () => {
      await open();
      const host = new Dialogue({ variants: { "socket-commands": "absent" } });
      for (const line of ["AT+QIOPEN=?", "AT+QISTATE?", "AT+QICLOSE=0", "AT+QISDE=0", "AT+QIRD=0"]) {
        assert.equal(await host.command(line), "ERROR", line);
      }
    });

    it("prompt by > alone", async () => {
      await withVariants({ "socket-prompt": "bare" });
      await bench.connect();
      await bench.exactly("AT+QISEND=0,2\r", "\r\n>");
      await bench.exactly("ok", "\r\nSEND OK\r\n");
    });

    it("echo the payload after a start until QISDE=0", async () => {
      await open();
      await bench.connect();
      await bench.exactly("AT+QISDE=1\r", "\r\nOK\r\n");
      await bench.exactly("AT+QISEND=0,4\r", "\r\n> ");
      await bench.exactly("ab\r\n", "ab\r\n\r\nSEND OK\r\n");
      assert.equal(await new Dialogue().command("AT+QISDE?"), "+QISDE: 1 | OK");
      const quiet = new Dialogue({ variants: { "socket-echo": "off" } });
      assert.equal(await quiet.command("AT+QISDE?"), "+QISDE: 0 | OK");
    });

    it("put two line ends behind the data of QIRD", async () => {
      await withVariants({ "read-line-ends": "two" });
      await bench.connect();
      bench.server.peer.write("abc");
      await bench.exactly("", '\r\n+QIURC: "recv",0\r\n');
      await bench.exactly("AT+QIRD=0\r", "\r\n+QIRD: 3\r\nabc\r\n\r\nOK\r\n");
      await bench.exactly("AT+QIRD=0\r", "\r\n+QIRD: 0\r\n\r\nOK\r\n");
    });

    it("tell in recv how many bytes wait", async () => {
      await withVariants({ "recv-length": "1" });
      await bench.connect();
      bench.server.peer.write("abc");
      await bench.exactly("", '\r\n+QIURC: "recv",0,3\r\n');
    });

    it("say recv at each arrival, or only after a QIRD that found nothing", async () => {
      await withVariants({ "recv-again": "each" });
      await bench.connect();
      for (const text of ["a", "b"]) {
        bench.server.peer.write(text);
        await bench.exactly("", '\r\n+QIURC: "recv",0\r\n');
      }
      await bench.close();
      await withVariants({ "recv-again": "zero-read" });
      await bench.connect();
      bench.server.peer.write("a");
      await bench.exactly("", '\r\n+QIURC: "recv",0\r\n');
      await bench.exactly("AT+QIRD=0\r", "\r\n+QIRD: 1\r\na\r\nOK\r\n");
      bench.server.peer.write("b");
      await bench.host.clock.run(() => bench.server.peer.bytesWritten === 2);
      await bench.exactly("AT+QIRD=0\r", "\r\n+QIRD: 1\r\nb\r\nOK\r\n");
      await bench.exactly("AT+QIRD=0\r", "\r\n+QIRD: 0\r\n\r\nOK\r\n");
      bench.server.peer.write("c");
      await bench.exactly("", '\r\n+QIURC: "recv",0\r\n');
    });

    it("have another state while connected", async () => {
      await withVariants({ "connected-state": "3" });
      await bench.connect();
      assert.match(await bench.host.command("AT+QISTATE=1,0"), /,3,1,0,0,"usbat" \| OK$/);
    });

    for (const [urcPort, heardBy] of [
      ["opening", "usbmodem"],
      ["urcport", "usbat"],
    ] as const) {
      it(`report on the port of ${urcPort}`, async () => {
        const { host, server } = await withVariants({ "socket-urc-port": urcPort });
        const opener = new Dialogue({}, host, "usbmodem");
        await opener.configure(`AT+QIOPEN=1,0,"TCP","mail.example.com",${server.port}`);
        assert.equal(await (heardBy === "usbmodem" ? opener : host).urc("+QIOPEN"), "+QIOPEN: 0,0");
      });
    }

    it("have a smaller send buffer", async () => {
      await open({ variants: { "send-buffer": "5840" }, timing: { roundTripMs: 60_000 } });
      await bench.connect();
      const block = "x".repeat(1460);
      for (let sent = 0; sent < 4; sent++) assert.equal(await bench.send(0, block), "SEND OK");
      assert.equal(await bench.send(0, block), "SEND FAIL");
      assert.equal(await bench.host.command("AT+QISEND=0,0"), "+QISEND: 5840,0,5840 | OK");
    });

    it("give a QISEND up whose input stalls, but never by +++", async () => {
      const { host } = await withVariants({ "send-timeout": "5" });
      await bench.connect();
      const began = host.clock.now();
      await bench.exactly("AT+QISEND=0,10\r", "\r\n> ");
      await host.clock.advance(2000);
      host.write("+++");
      await bench.exactly("", "\r\nERROR\r\n");
      assert.equal(host.clock.now() - began, 7000);
      assert.equal(await host.command("AT+QIGETERROR"), "+QIGETERROR: 571,cancel send | OK");
      assert.equal(await host.command("AT+QISEND=0,0"), "+QISEND: 0,0,0 | OK");
    });

    for (const [value, answer] of [
      ["readable", "+QIRD: 4 | last | OK"],
      ["lost", "+QIRD: 0 | OK"],
    ] as const) {
      it(`have data after closed that are ${value}`, async () => {
        const { host, server } = await withVariants({ "data-after-closed": value });
        await bench.connect();
        server.peer.end("last");
        await host.urc('+QIURC: "closed",0');
        assert.match(await host.command("AT+QISTATE=1,0"), /,4,1,0,0,"usbat" \| OK$/);
        assert.equal(await host.command("AT+QIRD=0"), answer);
      });
    }

    it("take data after closed that the peer still reads, or none", async () => {
      await withVariants({ "send-after-closed": "ok" });
      await bench.connect();
      bench.server.peer.end();
      await bench.host.urc('+QIURC: "closed",0');
      assert.equal(await bench.send(0, "still"), "SEND OK");
      await bench.arrived("still");
      await bench.close();
      await withVariants({});
      await bench.connect();
      bench.server.peer.end();
      await bench.host.urc('+QIURC: "closed",0');
      assert.equal(await bench.send(0, "still"), "ERROR");
      assert.equal(await bench.host.command("AT+QIGETERROR"), "+QIGETERROR: 567,socket has been closed | OK");
    });

    it("do not wait for the peer at QICLOSE", async () => {
      const { host } = await withVariants({ "close-waits": "at-once" });
      await bench.connect();
      const began = host.clock.now();
      await host.configure("AT+QICLOSE=0,3");
      assert.equal(host.clock.now(), began);
    });

    it("refuse QICLOSE of an id that is not in use", async () => {
      await withVariants({ "close-unused": "error" });
      assert.equal(await bench.host.command("AT+QICLOSE=5"), "ERROR");
      await bench.close();
      await withVariants({});
      assert.equal(await bench.host.command("AT+QICLOSE=5"), "OK");
    });

    it("refuse QIOPEN at once for an id in use and without a context", async () => {
      const { host, server } = await withVariants({
        "open-in-use": "error",
        "open-without-context": "error",
      });
      await bench.connect();
      const line = `"TCP","mail.example.com",${server.port}`;
      assert.equal(await host.command(`AT+QIOPEN=1,0,${line}`), "ERROR");
      assert.match(await host.command("AT+QIGETERROR"), /^\+QIGETERROR: 563,/);
      assert.equal(await host.command(`AT+QIOPEN=2,1,${line}`), "ERROR");
      assert.match(await host.command("AT+QIGETERROR"), /^\+QIGETERROR: 561,/);
    });

    it("keep the id of a connection that failed until QICLOSE", async () => {
      const { host } = await withVariants({ "failed-open-id": "taken" });
      for (const [line, error] of [
        ['AT+QIOPEN=1,0,"TCP","mail.example.com",1', 566],
        ['AT+QIOPEN=1,0,"TCP","mail.example.com",1', 563],
      ] as const) {
        await host.configure(line);
        assert.equal(await host.urc("+QIOPEN"), `+QIOPEN: 0,${error}`);
      }
      await host.configure("AT+QICLOSE=0");
      await bench.connect();
    });

    it("refuse QIOPEN while a mail is sent", async () => {
      const { host, server } = await open({
        variants: { "open-while-mailing": "568" },
        timing: { airMs: 1000 },
      });
      await host.configure(
        'AT+QSMTPCFG="sender","Pump","pump7@example.com"',
        'AT+QSMTPCFG="smtpserver","mail.example.com",1',
        'AT+QSMTPDST=1,1,"duty@example.com"',
      );
      host.write("AT+QSMTPPUT=300\r");
      await host.expect(/OK\r\n/);
      host.write(`AT+QIOPEN=1,0,"TCP","mail.example.com",${server.port}\r`);
      await host.expect(/ERROR\r\n/);
      await host.urc("+QSMTPPUT");
      await bench.connect();
    });
  });

  it("close by themselves under passiveclosed", async () => {
    const { host, server } = await open();
    await host.configure('AT+QICFG="passiveclosed",1');
    await bench.connect();
    server.peer.end();
    await host.urc('+QIURC: "closed",0');
    assert.equal(await host.command("AT+QISTATE?"), "OK");
  });

  describe("under a fault", () => {
    it("lose the line of recv, and the bytes can be polled", async () => {
      const { host, server } = await open({
        faults: [{ at: { urc: '+QIURC: "recv"' }, fault: { kind: "lose" } }],
      });
      await bench.connect();
      server.peer.write("unsaid");
      await host.clock.run(() => host.modem.log.entries.some((entry) => entry.kind === "event"));
      assert.equal(await host.command("AT+QIRD=0"), "+QIRD: 6 | unsaid | OK");
      server.peer.write("said");
      await host.urc('+QIURC: "recv",0');
    });

    it("lose the line of closed, and QISTATE tells", async () => {
      const { host, server } = await open({
        faults: [{ at: { urc: '+QIURC: "closed"' }, fault: { kind: "lose" } }],
      });
      await bench.connect();
      server.peer.end();
      await host.clock.run(() => host.modem.log.entries.some((entry) => entry.kind === "event"));
      assert.match(await host.command("AT+QISTATE=1,0"), /,4,1,0,0,"usbat" \| OK$/);
    });

    it("hear of an unsolicited line late", async () => {
      const { host, server } = await open({
        faults: [{ at: { urc: '+QIURC: "recv"' }, fault: { kind: "delay", ms: 5000 } }],
      });
      await bench.connect();
      const began = host.clock.now();
      server.peer.write("late");
      await host.urc('+QIURC: "recv",0');
      assert.equal(host.clock.now() - began, 5000);
    });

    it("refuse the second block with SEND FAIL, and nothing of it goes out", async () => {
      await open({ faults: [{ at: { socket: "send", nth: 2 }, fault: { kind: "sendFail" } }] });
      await bench.connect();
      assert.equal(await bench.send(0, "one"), "SEND OK");
      assert.equal(await bench.send(0, "two"), "SEND FAIL");
      assert.equal(await bench.send(0, "three"), "SEND OK");
      await bench.arrived("onethree");
    });

    for (const [direction, text] of [
      ["up", "abcdef"],
      ["down", "abcdef"],
    ] as const) {
      it(`change the fourth byte on the way ${direction}`, async () => {
        const { host, server } = await open({
          faults: [{ at: { socket: direction, byte: 4 }, fault: { kind: "damage", mask: 1 } }],
        });
        await bench.connect();
        await bench.send(0, text);
        server.peer.write(text);
        await host.urc('+QIURC: "recv",0');
        assert.equal(
          await host.command("AT+QIRD=0"),
          `+QIRD: 6 | ${direction === "down" ? "abceef" : text} | OK`,
        );
        await bench.arrived(direction === "up" ? "abceef" : text);
      });
    }

    it("end after byte n on both sides when cut", async () => {
      const { host, server } = await open({
        faults: [{ at: { socket: "up", byte: 4 }, fault: { kind: "cut" } }],
      });
      await bench.connect();
      const ended = once(server.peer, "end");
      assert.equal(await bench.send(0, "abcdef"), "SEND OK");
      await host.urc('+QIURC: "closed",0');
      await host.clock.until(ended);
      assert.equal(server.received, "abc");
      assert.equal(await bench.send(0, "more"), "ERROR");
    });

    it("are reset by the peer", async () => {
      const { host, server } = await open({
        faults: [{ at: { socket: "down", byte: 3 }, fault: { kind: "reset" } }],
      });
      await bench.connect();
      const closed = closeOf(server.peer);
      server.peer.write("abcdef");
      await host.urc('+QIURC: "closed",0');
      await host.clock.until(closed);
      assert.equal(await host.command("AT+QIRD=0"), "+QIRD: 2 | ab | OK");
    });

    it("are reset by a real server", async () => {
      const { host, server } = await open();
      await bench.connect();
      server.peer.resetAndDestroy();
      await host.urc('+QIURC: "closed",0');
    });

    it("are half closed by the peer, who goes on reading", async () => {
      const { host } = await open({
        variants: { "send-after-closed": "ok" },
        faults: [{ at: { socket: "up", byte: 1 }, fault: { kind: "halfClose" } }],
      });
      await bench.connect();
      assert.equal(await bench.send(0, "abc"), "SEND OK");
      await host.urc('+QIURC: "closed",0');
      assert.equal(await bench.send(0, "def"), "SEND OK");
      await bench.arrived("abcdef");
    });

    it("stall for a while", async () => {
      const { host } = await open({
        faults: [{ at: { socket: "up", byte: 3 }, fault: { kind: "stall", ms: 90_000 } }],
      });
      await bench.connect();
      const began = host.clock.now();
      assert.equal(await bench.send(0, "abcdef"), "SEND OK");
      assert.equal(host.clock.now(), began);
      await bench.arrived("abcdef");
      assert.equal(host.clock.now() - began, 90_000);
    });

    it("are forgotten by a NAT: nothing passes, nothing is acknowledged, and retransmissions end it", async () => {
      const { host, server } = await open({
        faults: [{ at: { socket: "up", byte: 4 }, fault: { kind: "silence" } }],
      });
      await host.configure('AT+QICFG="tcp/retranscfg",3,20');
      await bench.connect();
      const began = host.clock.now();
      assert.equal(await bench.send(0, "abcdef"), "SEND OK");
      server.peer.write("unheard");
      assert.equal(await host.command("AT+QISEND=0,0"), "+QISEND: 6,0,6 | OK");
      assert.equal(await host.command("AT+QIRD=0"), "+QIRD: 0 | OK");
      await host.urc('+QIURC: "closed",0');
      assert.equal(host.clock.now() - began, 1000 + 3 * 2000);
      assert.equal(server.received, "abc");
    });

    it("are found dead by keepalive when it is on, and never when it is off", async () => {
      const { host, server } = await open({
        faults: [{ at: { socket: "down", byte: 1 }, fault: { kind: "silence" } }],
      });
      await host.configure('AT+QICFG="tcp/keepalive",1,2,25,3');
      await bench.connect();
      const began = host.clock.now();
      server.peer.write("unheard");
      await host.urc('+QIURC: "closed",0');
      assert.equal(host.clock.now() - began, 2 * 60_000 + 3 * 25_000);
    });

    it("fail to open with a number, or are never heard of again until QICLOSE", async () => {
      const { host } = await open({
        faults: [
          { at: { socket: "open", nth: 1 }, fault: { kind: "openError", error: 569 } },
          { at: { socket: "open", nth: 2 }, fault: { kind: "silence" } },
        ],
      });
      const line = `AT+QIOPEN=1,0,"TCP","mail.example.com",${bench.server.port}`;
      await host.configure(line);
      assert.equal(await host.urc("+QIOPEN"), "+QIOPEN: 0,569");
      await host.configure(line);
      await host.clock.advance(150_000);
      assert.match(await host.command("AT+QISTATE=1,0"), /,1,1,0,0,"usbat" \| OK$/);
      await host.configure("AT+QICLOSE=0");
      await bench.connect();
    });

    it("end with a restart in the middle of their bytes", async () => {
      const { host, server } = await open({
        faults: [{ at: { socket: "up", byte: 3 }, fault: { kind: "restart" } }],
      });
      await bench.connect();
      host.write("AT+QISEND=0,6\rabcdef");
      await host.expect(/PB DONE/);
      await host.command("ATE0");
      assert.equal(await host.command("AT+QISTATE?"), "OK");
      assert.equal(server.received, "ab");
    });
  });
});
