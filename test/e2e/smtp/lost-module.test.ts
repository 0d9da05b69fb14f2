/** Mails over a socket whose module, cable, network or server goes away; what is tried about it, and what is known. */
import assert from "node:assert/strict";
import type { SimulatedModemOptions } from "../../../lib/simulator";
import { internet } from "../../../lib/simulator/delivery/internet";
import type { Ended, Outcome, Prepared } from "../../../lib/mailer/mailer";
import { transaction } from "../../support/memory-mailer";
import { MemorySmtp, SILENCE } from "../../support/memory-smtp";
import { socketHost, type SocketHost, type SocketMailer } from "../../support/socket-mailer";
import { VirtualClock } from "../../support/virtual-clock";

const forever = (): AbortSignal => new AbortController().signal;

describe("A mail over a socket that is lost", () => {
  let clock: VirtualClock;
  let host: SocketHost;
  let server: MemorySmtp;
  let rig: SocketMailer;

  interface How {
    readonly server?: boolean;
    readonly bitRate?: number;
    readonly module?: SimulatedModemOptions;
  }
  async function open(how: How = {}): Promise<void> {
    clock = new VirtualClock(Date.UTC(2026, 5, 1));
    server = new MemorySmtp();
    host = socketHost({
      module: { ...how.module, clock, busy: (work) => clock.busy(work) },
      ...(how.server !== false && { serve: server.serve }),
      ...(how.bitRate !== undefined && {
        watch: (transport) => Object.defineProperty(transport, "bitRate", { get: () => how.bitRate }),
      }),
    });
    rig = host.mailer({ smtp: { host: how.server === false ? "nowhere.example.com" : "mail.example.com" } });
    await clock.until(host.ready);
  }
  async function prepared(): Promise<Prepared> {
    const one = await clock.until(rig.prepare(transaction()));
    assert.ok(one.kind === "prepared");
    return one;
  }
  const ended = (outcome: Outcome): Ended => {
    assert.ok(outcome.kind === "ended");
    return outcome;
  };
  const lines = (): readonly string[] => {
    const all = host.module.log.lines();
    host.module.log.clear();
    return all;
  };

  afterEach(async () => {
    rig.mailer.close();
    await clock.until(host.close());
  });

  it("between the phases was not sent, and is due when the module is back", async () => {
    await open();
    const losses: readonly (() => void)[] = [
      () => host.module.restart("powerLoss"),
      () => host.module.unplug(),
    ];
    for (const lose of losses) {
      const one = await prepared();
      lose();
      await clock.run(() => !rig.mailer.available);
      const outcome = ended(await clock.until(one.commit(forever())));
      assert.equal(outcome.open, false);
      assert.equal(outcome.retry.kind, "whenAvailable");
      assert.equal(server.received.length, 0);
      host.module.plug();
      await clock.run(() => rig.mailer.available);
    }
    assert.equal((await clock.until(rig.send())).recipients[0]?.state, "accepted");
  });

  it("while the server's word is awaited is of unknown outcome, whatever became of it", async () => {
    await open();
    for (const reply of [SILENCE, "250 queued"]) {
      const one = await prepared();
      const { length } = server.received;
      server.options = {
        answer: (line) => {
          if (line !== ".") return undefined;
          host.module.restart("powerLoss");
          return reply;
        },
      };
      const outcome = await clock.until(one.commit(forever()));
      assert.ok(outcome.kind === "unknown");
      assert.equal(outcome.open, true);
      assert.equal(outcome.passage?.messageId, "<0123456789abcdef0123456789abcdef@example.com>");
      assert.equal(server.received.length, length + (reply === SILENCE ? 0 : 1));
      server.options = {};
      await clock.run(() => rig.mailer.available);
    }
  });

  it("because the module is away says so, and is not counted", async () => {
    await open();
    host.module.unplug();
    await clock.run(() => !rig.mailer.available);
    assert.equal(ended(await clock.until(rig.send())).retry.kind, "whenAvailable");
  });

  it("to a name that is not found while another is, is told as a fault of the setup and restarts nothing", async () => {
    await open({ server: false });
    host.module.state(internet).hosts = { "pool.ntp.org": "192.0.2.8" };
    for (const kind of ["atOnce", "backOff"] as const) {
      const outcome = ended(await clock.until(rig.send()));
      assert.equal(outcome.error?.code, "SOCKET_DNS_FAILED");
      assert.equal(outcome.retry.kind, kind);
      assert.equal(outcome.error?.class, kind === "atOnce" ? "transient" : "setup");
    }
    assert.equal(lines().includes("AT+CFUN=1,1"), false);
  });

  it("by a module that has no sockets is held as a fault of the setup, once it has refused all for a minute", async () => {
    await open({ module: { variants: { "socket-commands": "absent" } } });
    const errorOfTry = async (): Promise<string> => {
      const { error } = ended(await clock.until(rig.send()));
      return `${error?.code} ${error?.class} ${error?.modemCode}`;
    };
    assert.equal(await errorOfTry(), "SOCKET_UNSUPPORTED transient undefined");
    await clock.advance(60_000);
    lines();
    for (let tries = 0; tries < 4; tries++)
      assert.equal(await errorOfTry(), "SOCKET_UNSUPPORTED setup undefined");
    assert.deepEqual(
      lines().filter((line) => /^AT\+(?:QIDEACT|CFUN)/.test(line)),
      [],
    );
  });

  it("by a module that refuses all about sockets while it starts goes out soon", async () => {
    await open({ module: { variants: { "socket-commands": "absent" } } });
    assert.equal(ended(await clock.until(rig.send())).error?.class, "transient");
    Object.assign(host.module.variants, { "socket-commands": "present" });
    await clock.advance(60_000);
    assert.equal(ended(await clock.until(rig.send())).error, undefined);
    Object.assign(host.module.variants, { "socket-commands": "absent" });
    assert.equal(ended(await clock.until(rig.send())).error?.class, "transient");
  });

  it("in the network calls for a new context, then for a restart, then waits", async () => {
    await open({ server: false });
    const steps = [undefined, "AT+QIDEACT=1", "AT+CFUN=1,1"];
    for (const step of steps) {
      lines();
      const outcome = ended(await clock.until(rig.send()));
      assert.equal(outcome.error?.code, "SOCKET_DNS_FAILED");
      assert.equal(outcome.error?.class, "transient");
      const taken = lines().filter((line) => steps.includes(line));
      assert.deepEqual(taken, step === undefined ? [] : [step]);
      assert.equal(outcome.retry.kind, step === steps.at(-1) ? "backOff" : "atOnce");
    }
  });

  it("to a refusal on a line without checksum is asked once more before it counts", async () => {
    await open({ bitRate: 115_200 });
    server.options = { answer: (line) => (line?.startsWith("MAIL") === true ? "500 5.5.1 what" : undefined) };
    const first = ended(await clock.until(rig.send()));
    assert.deepEqual([first.error?.class, first.retry.kind], ["transient", "atOnce"]);
    const second = ended(await clock.until(rig.send()));
    assert.deepEqual([second.error?.class, second.retry.kind], ["setup", "backOff"]);
    server.options = {};
    assert.equal((await clock.until(rig.send())).recipients[0]?.state, "accepted");
  });

  it("with the process leaves nothing behind that the next one would not close", async () => {
    await open();
    const one = await prepared();
    rig.mailer.close();
    const outcome = ended(await clock.until(one.commit(forever())));
    assert.equal(outcome.error?.code, "MODEM_ABORTED");
    await clock.run(() => !host.modem.lock.held);
    assert.equal((await host.store.read("sockets")) ?? "[]", "[]");
    assert.equal(server.received.length, 0);
  });
});
