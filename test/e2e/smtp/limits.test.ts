/** A mail over a socket in bounds: how long each step may take, how much of a file is in memory, and which time it has. */
import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import type { Outcome, OutgoingAttachment } from "../../../lib/mailer/mailer";
import { OK } from "../../../lib/simulator/device/command";
import { transaction } from "../../support/memory-mailer";
import { MemorySmtp, SILENCE } from "../../support/memory-smtp";
import { socketHost, type SocketHost, type SocketMailer } from "../../support/socket-mailer";
import { VirtualClock } from "../../support/virtual-clock";

const HOUR = 3_600_000;

describe("A mail over a socket in bounds", function () {
  this.timeout(30_000);
  let clock: VirtualClock;
  let server: MemorySmtp;
  let host: SocketHost;
  let rig: SocketMailer;
  let serve: (peer: Duplex) => void;

  async function open(wall = Date.UTC(2026, 5, 1)): Promise<void> {
    clock = new VirtualClock(wall);
    server = new MemorySmtp();
    serve = server.serve;
    host = socketHost({
      module: { clock, busy: (work) => clock.busy(work) },
      serve: (peer) => serve(peer),
    });
    rig = host.mailer({ smtp: { host: "mail.example.com" }, text: { lateNote: 10 } });
    await clock.until(host.ready);
  }
  afterEach(async () => {
    rig.mailer.close();
    await clock.run(() => !host.modem.lock.held, HOUR);
    await clock.until(host.close());
  });
  /** The outcome, and the seconds it took. */
  async function sent(
    ...how: Parameters<SocketMailer["send"]>
  ): Promise<{ outcome: Outcome; seconds: number }> {
    // The session before has said goodbye.
    await clock.run(() => !host.modem.lock.held, HOUR);
    const began = clock.now();
    const outcome = await clock.until(rig.send(...how), HOUR);
    return { outcome, seconds: Math.round((clock.now() - began) / 1000) };
  }

  it("waits five minutes for the greeting of a slow server, and no longer", async () => {
    await open();
    serve = (peer) => void clock.after(299_000, () => server.serve(peer));
    const slow = await sent();
    assert.equal(slow.outcome.recipients[0]?.state, "accepted");
    assert.ok(slow.seconds >= 299, String(slow.seconds));
    serve = (peer) => void peer.on("error", () => undefined);
    const { outcome, seconds } = await sent(transaction({ id: "mail-2" }));
    assert.ok(outcome.kind === "ended");
    assert.deepEqual([outcome.error?.code, outcome.error?.stage], ["SMTP_TIMEOUT", "connect"]);
    assert.equal(seconds, 300);
  });

  it("waits ten minutes for the server's word about the mail, and no longer", async () => {
    await open();
    let end: Duplex | undefined;
    serve = (peer) => {
      end = peer;
      server.serve(peer);
    };
    server.options = {
      answer: (line) => {
        if (line === ".") clock.after(599_000, () => end?.write("250 2.0.0 at last\r\n"));
        return line === "." ? SILENCE : undefined;
      },
    };
    const slow = await sent();
    assert.equal(slow.outcome.recipients[0]?.state, "accepted");
    assert.equal(slow.outcome.passage?.response, "250 2.0.0 at last");
    server.options = { answer: (line) => (line === "." ? SILENCE : undefined) };
    const { outcome, seconds } = await sent(transaction({ id: "mail-2" }));
    assert.equal(outcome.kind, "unknown");
    assert.equal(outcome.error?.stage, "commit");
    assert.ok(seconds >= 600 && seconds < 610, String(seconds));
  });

  for (const [reply, state, code] of [
    ["250 2.0.0 queued", "deferred", "SMTP_BAD_SEQUENCE"],
    ["554 5.7.1 no", "refused", "SMTP_TRANSACTION_FAILED"],
  ] as const) {
    it(`was not sent where the server says ${reply.slice(0, 3)} while its end is still withheld`, async () => {
      await open();
      let end: Duplex | undefined;
      serve = (peer) => {
        end = peer;
        server.serve(peer);
      };
      const one = await clock.until(rig.prepare(transaction()), HOUR);
      assert.ok(one.kind === "prepared");
      end?.write(`${reply}\r\n`);
      // The mark is being made.
      await clock.advance(5_000);
      const outcome = await clock.until(one.commit(new AbortController().signal), HOUR);
      assert.ok(outcome.kind === "ended");
      assert.equal(outcome.recipients[0]?.state, state);
      assert.equal(outcome.error?.code, code);
      assert.equal(outcome.error?.class, state === "refused" ? "message" : "transient");
      if (state === "deferred") assert.match(outcome.error?.message ?? "", /before it had the whole mail/);
      await clock.run(() => !host.modem.lock.held, HOUR);
      assert.deepEqual(server.received, []);
    });
  }

  it("reads no more of a file than the module is about to take", async () => {
    await open();
    const piece = Buffer.alloc(16 * 1024, "x");
    const pieces = 24;
    const taken = (): number => host.module.log.bytes("received", "usbat").length;
    let most = 0;
    const file: OutgoingAttachment = {
      filename: "recording.bin",
      size: pieces * piece.length,
      sha256: "",
      async *open() {
        const before = taken();
        for (let at = 0; at < pieces; at++) {
          // Base64 makes four bytes of three.
          most = Math.max(most, (at * piece.length * 4) / 3 - (taken() - before));
          yield piece;
        }
      },
    };
    const { outcome } = await sent(transaction({ attachments: [file] }));
    assert.equal(outcome.recipients[0]?.state, "accepted");
    assert.ok(most > 0 && most < 160 * 1024, `${most} bytes ahead of the module`);
  });

  for (const [what, raisedAt, date] of [
    ["", Date.UTC(1970, 0, 1, 0, 4), Date.UTC(2026, 10, 30, 10, 59)],
    [
      ", less its age, also of a mail raised under a clock that was ahead",
      Date.UTC(2027, 0, 1),
      Date.UTC(2026, 10, 30, 10, 59),
    ],
    [" only where it is not known when it was raised", Date.UTC(2026, 10, 29, 8), Date.UTC(2026, 10, 29, 8)],
  ] as const)
    it(`has the network's time as its date where the host's clock cannot be right${what}`, async () => {
      await open(Date.UTC(1970, 0, 1, 0, 5));
      host.module.define((command, next) => {
        if (command.name !== "+QLTS") return next();
        command.info('+QLTS: "2026/11/30,11:00:00+00,0"');
        return OK;
      });
      await sent(transaction({ raisedAt }), { ageMs: 60_000 });
      const [, told = ""] = /^Date: (.*)$/m.exec(server.received[0]?.text ?? "") ?? [];
      assert.ok(Math.abs(Date.parse(told) - date) < 60_000, told);
      const [, waited] = /^Created \S+, sent (.*) later\.$/m.exec(server.received[0]?.text ?? "") ?? [];
      assert.equal(waited, date === raisedAt ? "27 h 0 min" : undefined);
    });
});
