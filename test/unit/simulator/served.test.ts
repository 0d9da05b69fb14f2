import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { isModemError } from "../../../lib/errors";
import { SimulatedModem, simulatorTransport } from "../../../lib/simulator";
import { serveTcp } from "../../../lib/simulator/serve/tcp-server";
import { VirtualClock } from "../../support/virtual-clock";

describe("The simulated module as a transport in the same process", () => {
  it("carries bytes both ways", async () => {
    const modem = new SimulatedModem();
    const transport = simulatorTransport(modem)();
    await transport.open();
    const answer = once(transport, "data");
    await transport.write(Buffer.from("AT"));
    assert.equal(String((await answer)[0]), "AT");
    assert.equal(transport.label, "simulator");
    assert.equal(transport.flowControlled, true);
    await transport.close();
  });

  it("names its line rate only when bytes take their time, and drains when they have arrived", async () => {
    const clock = new VirtualClock();
    assert.equal(simulatorTransport(new SimulatedModem({ clock }))().bitRate, undefined);
    const modem = new SimulatedModem({ clock, timing: { line: 9600 } });
    const transport = simulatorTransport(modem)();
    assert.equal(transport.bitRate, 9600);
    await transport.open();
    await transport.write(Buffer.alloc(96, "x"));
    await clock.until(transport.drain());
    assert.ok(Math.abs(clock.now() - 100) < 0.01);
    await transport.close();
  });

  it("refuses to be written to before opening and after closing, and to be opened twice", async () => {
    const transport = simulatorTransport(new SimulatedModem())();
    const closed = (error: unknown): boolean => isModemError(error, "PORT_CLOSED");
    await assert.rejects(transport.write(Buffer.from("AT")), closed);
    await transport.open();
    await assert.rejects(transport.open(), closed);
    const end = once(transport, "closed");
    await transport.close();
    assert.deepEqual(await end, [undefined]);
    await transport.close();
    await assert.rejects(transport.drain(), closed);
    await assert.rejects(transport.set({ dtr: false }), closed);
  });

  it("cannot be opened while another one is, or while the module is unplugged", async () => {
    const modem = new SimulatedModem();
    const factory = simulatorTransport(modem, { portName: "uart1" });
    const first = factory();
    await first.open();
    await assert.rejects(factory().open(), (error) => isModemError(error, "PORT_BUSY"));
    await first.close();
    modem.unplug();
    await assert.rejects(factory().open(), (error) => isModemError(error, "PORT_NOT_FOUND"));
  });

  it("ends with an error when the module is unplugged, and says nothing afterwards", async () => {
    const modem = new SimulatedModem();
    const transport = simulatorTransport(modem)();
    await transport.open();
    const events: unknown[] = [];
    transport.on("closed", (error) => events.push(error?.code));
    transport.on("data", (bytes) => events.push(bytes));
    modem.unplug();
    modem.plug();
    await once(modem, "started");
    await transport.close();
    assert.deepEqual(events, ["PORT_UNPLUGGED"]);
  });

  it("hears and says nothing but noise while the host has set another rate than AT+IPR", async () => {
    const modem = new SimulatedModem();
    const transport = simulatorTransport(modem, { hostRate: 9600 })();
    let received = Buffer.alloc(0);
    transport.on("data", (bytes) => (received = Buffer.concat([received, bytes])));
    await transport.open();
    await transport.write(Buffer.from("AT\rAT\r"));
    modem.raiseUrc("+CREG: 1");
    await transport.drain();
    assert.deepEqual(modem.log.lines(), []);
    assert.ok(received.every((byte) => byte >= 0x80));
    await transport.close();

    const right = simulatorTransport(modem, { hostRate: 115_200 })();
    await right.open();
    await right.write(Buffer.from("AT\r"));
    await right.drain();
    assert.deepEqual(modem.log.lines(), ["AT"]);
    await right.close();
  });

  it("passes DTR on", async () => {
    const modem = new SimulatedModem();
    const transport = simulatorTransport(modem)();
    let text = "";
    transport.on("data", (bytes) => (text += bytes.toString()));
    await transport.open();
    await transport.write(Buffer.from('ATE0;+QFUPL="RAM:x",9\r'));
    await once(transport, "data");
    await new Promise((resolve) => setImmediate(resolve));
    await transport.set({ rts: true });
    await transport.set({ dtr: false });
    await once(transport, "data");
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(text, /\+QFUPL: 0,0\r\n\r\nOK\r\n$/);
    await transport.close();
  });
});

describe("The simulated module behind TCP", () => {
  async function served(work: (modem: SimulatedModem, dial: () => Socket) => Promise<void>): Promise<void> {
    const modem = new SimulatedModem();
    const server = await serveTcp(modem, { tcpPort: 0 });
    const sockets: Socket[] = [];
    try {
      await work(modem, () => {
        const socket = connect(server.tcpPort, "127.0.0.1");
        sockets.push(socket);
        return socket;
      });
    } finally {
      for (const socket of sockets) socket.destroy();
      await server.close();
    }
  }

  it("answers", () =>
    served(async (_, dial) => {
      const socket = dial();
      socket.write("ATE0\r");
      let text = "";
      socket.on("data", (bytes: Buffer) => (text += bytes.toString()));
      while (!text.endsWith("OK\r\n")) await once(socket, "data");
      assert.equal(text, "ATE0\r\r\nOK\r\n");
    }));

  it("turns a second client away and takes the next one", () =>
    served(async (_, dial) => {
      const first = dial();
      first.write("A");
      await once(first, "data");
      const second = dial();
      await once(second, "close");
      first.destroy();
      await once(first, "close");
      const third = dial();
      third.write("AT\r");
      await once(third, "data");
    }));

  it("hangs up when the module is unplugged", () =>
    served(async (modem, dial) => {
      const socket = dial();
      socket.write("A");
      await once(socket, "data");
      modem.unplug();
      await once(socket, "close");
    }));

  it("says when its address is taken", async () => {
    const server = await serveTcp(new SimulatedModem(), { tcpPort: 0 });
    await assert.rejects(serveTcp(new SimulatedModem(), { tcpPort: server.tcpPort }), /EADDRINUSE/);
    assert.equal(server.address, `tcp://127.0.0.1:${server.tcpPort}`);
    await server.close();
  });
});
