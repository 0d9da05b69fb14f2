/** A serial port that is not there: the mail that waits for it ends with the reason, and the next one goes out. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FlowBench, helperNode, modemNode, sendNode } from "../../node/support/flow-bench";
import { LeapingClock } from "../../node/support/leaping-clock";
import { MailServer } from "../../support/mail-server";
import { startSimulatorOnPty, type SimulatorProcess } from "../../support/simulator-process";

describe("A missing serial port", function () {
  this.timeout(60_000);

  const bench = new FlowBench();
  let folder: string;
  let server: MailServer;
  let clock: LeapingClock;
  let simulator: SimulatorProcess | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "missing-port-"));
    server = await MailServer.start();
    clock = new LeapingClock();
  });

  after(async () => {
    await bench.end();
    await simulator?.stop();
    await server.stop();
    clock.restore();
    await rm(folder, { recursive: true, force: true });
  });

  it("ends its mail on output 2 and in Catch with code and hint, and lets the next mail out when it is there", async () => {
    const port = join(folder, "ttyUSB2");
    await bench.load([
      modemNode(server.port, { transport: "serial", serialPort: port }),
      sendNode({ maxAge: "1", errorTo: "both" }),
      { id: "catch", type: "catch", z: "tab", scope: ["send"], wires: [["caught"]] },
      helperNode("sent"),
      helperNode("failed"),
      helperNode("caught"),
    ]);
    await bench.showsStatus("send", "port missing");
    bench.inject("send", { to: "duty@example.com", topic: "Lost", payload: "text" });
    await bench.showsStatus("send", "port missing · 1 ✉");
    clock.leap(2 * 60_000);
    const { error } = await bench.received("failed");
    assert.equal(error.code, "OUTBOX_EXPIRED");
    assert.ok(error.hint);
    assert.equal(error.outcome, "notSent");
    // The modem's own report comes first, because its errors go to the Catch nodes of those who use it.
    assert.equal((await bench.received("caught", 1)).error.code, "PORT_NOT_FOUND");
    assert.equal((await bench.received("caught", 2)).error.code, "OUTBOX_EXPIRED");

    simulator = await startSimulatorOnPty(port, ["--fast"]);
    clock.leap(10 * 60_000);
    await bench.showsStatus("send", "last mail not sent");
    bench.inject("send", { to: "duty@example.com", topic: "Next", payload: "text" });
    await bench.received("sent");
    assert.deepEqual(
      server.received.map((mail) => mail.parsed.subject),
      ["Next"],
    );
  });
});
