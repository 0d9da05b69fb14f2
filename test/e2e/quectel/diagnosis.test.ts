/** The diagnosis with a simulated module under each fault. */
import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { ModemError } from "../../../lib/errors";
import {
  diagnose,
  type DiagnosisContext,
  type DiagnosisReport,
} from "../../../lib/quectel/diagnosis/diagnosis";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { ModuleSockets } from "../../../lib/quectel/sockets/module-sockets";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { cell, change, OK, simCard, type SimulatedModem } from "../../../lib/simulator";
import { internet } from "../../../lib/simulator/delivery/internet";
import { setFunctionality, startRegistration } from "../../../lib/simulator/module/registration";
import { NETWORK } from "../../support/module-replies";
import { simulatedRig, type Rig, type RigOptions } from "../../support/simulated-rig";

const SMTP: SmtpSettings = {
  host: "mail.example.com",
  port: 465,
  security: "tls",
  user: "pump7@example.com",
  password: "s3cret-pass",
  senderName: "Pump 7",
  senderAddress: "pump7@example.com",
  tls: { verify: true, root: { from: "auto" }, contextId: 1 },
  encoding: "auto",
  sendTimeout: 300,
};

interface Case {
  readonly fault?: (module: SimulatedModem) => void;
  readonly smtp?: Partial<SmtpSettings>;
  readonly rig?: RigOptions;
  readonly lastMail?: DiagnosisContext["lastMail"];
  /** Opens a connection to the server. */
  readonly sockets?: boolean;
  /** What happens on the modem, which is ready, before the diagnosis. */
  readonly before?: (rig: Rig, pdp: PdpContext) => Promise<unknown>;
}

async function run({
  fault,
  smtp,
  rig: options,
  lastMail,
  before,
  sockets,
}: Case = {}): Promise<DiagnosisReport> {
  const rig = simulatedRig(options);
  Object.assign(rig.module.state(internet), {
    loopbackOnly: true,
    hosts: { "mail.example.com": "127.0.0.1", "far.example.com": "192.0.2.7" },
  });
  fault?.(rig.module);
  const network = { ...NETWORK, ...options?.settings };
  const pdp = new PdpContext(rig.modem, network);
  if (before !== undefined) {
    await rig.ready();
    await rig.clock.until(before(rig, pdp));
  }
  const report = await rig.clock.until(
    diagnose({
      modem: rig.modem,
      pdp,
      moduleClock: new ModuleClock(rig.modem, network.contextId),
      network,
      smtp: { ...SMTP, ...smtp },
      ...(lastMail === undefined ? {} : { lastMail }),
      ...(sockets === true ? { sockets: new ModuleSockets(rig.modem, memoryStore()) } : {}),
    }),
  );
  pdp.close();
  assert.equal(rig.modem.state.name, before === undefined ? "offline" : "ready");
  await rig.modem.close();
  const lines = rig.module.log.lines().join("\n");
  assert.doesNotMatch(lines, /&W|QFDEL|CFUN=|QSMTPPUT|QURCCFG="urcport",/);
  assert.doesNotMatch(JSON.stringify(report), /s3cret-pass|hidden-apn-password|4711/);
  return report;
}

const statuses = ({ steps }: DiagnosisReport) =>
  Object.fromEntries(steps.map((step) => [step.name, step.status]));
const step = ({ steps }: DiagnosisReport, name: string) => steps.find((step) => step.name === name);
/** The first step that is not right. */
const trouble = ({ steps }: DiagnosisReport) =>
  steps.find(({ status }) => status === "failed" || status === "warning");

describe("diagnosis", () => {
  it("finds a working module all right as far as commands can tell", async () => {
    const report = await run({ rig: { settings: { apn: "internet", apnPassword: "hidden-apn-password" } } });
    assert.deepEqual(statuses(report), {
      port: "ok",
      at: "ok",
      sim: "ok",
      registration: "ok",
      signal: "ok",
      apn: "ok",
      pdp: "ok",
      clock: "ok",
      dns: "ok",
      server: "ok",
      tls: "skipped",
      login: "skipped",
    });
    assert.match(step(report, "at")?.detail ?? "", /Quectel EC25/);
    assert.match(step(report, "pdp")?.detail ?? "", /10\.20\.30\.40/);
    assert.match(step(report, "dns")?.detail ?? "", /127\.0\.0\.1/);
  });

  it("gives a hint with everything that is not right", async () => {
    for (const fault of [
      (module: SimulatedModem) => module.unplug(),
      (module: SimulatedModem) => change(module, cell, { rssi: 4 }),
      (module: SimulatedModem) => change(module, cell, { grantsContext: false }),
    ]) {
      const found = trouble(await run({ fault }));
      assert.ok((found?.hint ?? "").length > 10, found?.name);
    }
  });

  it("ends at the port when it cannot be opened", async () => {
    const report = await run({ fault: (module) => module.unplug() });
    assert.equal(step(report, "port")?.code, "PORT_NOT_FOUND");
    assert.equal(step(report, "at")?.status, "skipped");
    assert.equal(step(report, "server")?.status, "skipped");
  });

  it("names the multiplexing mode in which another program has left the port", async () => {
    const report = await run({ fault: (module) => module.multiplex() });
    assert.equal(step(report, "port")?.code, "PORT_MULTIPLEXED");
    assert.equal(step(report, "port")?.status, "warning");
    assert.equal(step(report, "at")?.status, "ok");
  });

  it("ends at AT when the module does not answer", async () => {
    const report = await run({ fault: (module) => module.hang() });
    assert.equal(step(report, "port")?.status, "ok");
    assert.equal(step(report, "at")?.code, "MODEM_SILENT");
  });

  for (const [what, card, simPin, code] of [
    ["is missing", { inserted: false }, "", "SIM_MISSING"],
    ["wants a PIN that is not set", { pin: "4711" }, "", "SIM_PIN_REQUIRED"],
    ["refuses the PIN", { pin: "4711" }, "0000", "SIM_PIN_REFUSED"],
    ["has one try left", { pin: "4711", pinTriesLeft: 1 }, "4711", "SIM_PIN_LAST_TRY"],
    ["wants its PUK", { pin: "4711", pinTriesLeft: 0 }, "4711", "SIM_PUK_REQUIRED"],
  ] as const) {
    it(`ends at the SIM card when it ${what}`, async () => {
      const report = await run({
        rig: { settings: { simPin } },
        fault: (module) => {
          change(module, simCard, card);
          module.restart();
        },
      });
      assert.equal(step(report, "sim")?.code, code);
      assert.equal(step(report, "registration")?.status, "skipped");
      assert.equal(step(report, "signal")?.status, "ok");
    });
  }

  it("ends at the registration without network, and when the network refuses", async () => {
    for (const [registration, code] of [
      [2, "NETWORK_NOT_REGISTERED"],
      [3, "NETWORK_DENIED"],
    ] as const) {
      const report = await run({ fault: (module) => change(module, cell, { registration }) });
      assert.equal(step(report, "registration")?.code, code);
      assert.equal(step(report, "pdp")?.status, "skipped");
    }
  });

  it("waits for a module that was just switched on", async () => {
    const settings = { apn: "internet" };
    const searching = await run({
      rig: { settings },
      fault: (module) => {
        change(module, cell, { registration: 2 });
        module.clock.after(12_000, () => change(module, cell, { registration: 1 }));
      },
    });
    assert.equal(trouble(searching), undefined);
    const starting = await run({
      rig: {
        settings,
        module: { timing: { bootMs: 5000, networkMs: 1500 }, variants: { "application-start": "mail" } },
      },
      fault: (module) => module.restart(),
    });
    assert.equal(trouble(starting), undefined);
  });

  it("warns of a weak signal and of one that is not told", async () => {
    const weak = await run({ fault: (module) => change(module, cell, { rssi: 4 }) });
    assert.equal(step(weak, "signal")?.status, "warning");
    assert.match(step(weak, "signal")?.detail ?? "", /-105 dBm/);
    const untold = await run({ fault: (module) => change(module, cell, { rssi: 99 }) });
    assert.equal(step(untold, "signal")?.status, "warning");
  });

  it("warns when there is no APN and ends at the context that needs one", async () => {
    const report = await run({ rig: { settings: { contextId: 4 } } });
    assert.equal(step(report, "apn")?.status, "warning");
    assert.equal(step(report, "pdp")?.code, "PDP_NO_APN");
    assert.equal(step(report, "dns")?.status, "skipped");
  });

  it("ends at the context that the network does not grant", async () => {
    const report = await run({ fault: (module) => change(module, cell, { grantsContext: false }) });
    assert.equal(step(report, "pdp")?.code, "PDP_ACTIVATION_FAILED");
  });

  it("leaves a context alone that a flow has deactivated, and says who did it", async () => {
    const report = await run({ before: (_rig, pdp) => pdp.deactivate() });
    assert.equal(step(report, "pdp")?.status, "failed");
    assert.match(step(report, "pdp")?.detail ?? "", /a flow has deactivated/);
    assert.match(step(report, "pdp")?.hint ?? "", /pdp-context/);
  });

  it("does not blame the server's name while a mail is just preparing the context", async () => {
    const report = await run({ before: ({ modem }) => modem.lock.acquire() });
    assert.deepEqual([step(report, "pdp")?.status, step(report, "dns")?.status], ["skipped", "skipped"]);
    assert.match(step(report, "pdp")?.detail ?? "", /a mail is being prepared/);
  });

  it("names a radio that is off instead of blaming the antenna", async () => {
    const report = await run({
      rig: { settings: { shared: true } },
      fault: (module) => {
        setFunctionality(module, 4);
        startRegistration(module);
      },
    });
    assert.match(step(report, "registration")?.detail ?? "", /its radio is off/);
  });

  it("ends at a name that does not exist", async () => {
    const report = await run({
      fault: (module) =>
        module.define((context, next) => {
          if (context.name !== "+QIDNSGIP") return next();
          context.afterResult(() => module.raiseUrc('+QIURC: "dnsgip",565'));
          return OK;
        }),
    });
    assert.equal(step(report, "dns")?.code, "SMTP_DNS_FAILED");
    assert.equal(step(report, "server")?.status, "skipped");
  });

  describe("opens a connection to the mail server, and", () => {
    const opening = (more: Case & { readonly peer?: boolean } = {}) =>
      run({
        ...more,
        sockets: true,
        fault: (module) => {
          more.fault?.(module);
          if (more.peer !== false) module.state(internet).tcpServer = () => duplexPair()[0];
        },
      });

    it("says that it takes connections, and leaves none", async () => {
      const report = await opening();
      assert.equal(step(report, "server")?.status, "ok");
      assert.match(step(report, "server")?.detail ?? "", /accepts connections on port 465/);
    });

    for (const [what, error, code] of [
      ["refuses them", 566, "SOCKET_CONNECT_FAILED"],
      ["does not answer", 569, "SOCKET_TIMEOUT"],
      ["is not found by its name", 565, "SOCKET_DNS_FAILED"],
    ] as const) {
      it(`says that it ${what}`, async () => {
        const report = await opening({
          fault: (module) =>
            module.faults.set([{ at: { socket: "open" }, fault: { kind: "openError", error } }]),
        });
        assert.equal(step(report, "server")?.status, "failed");
        assert.equal(step(report, "server")?.code, code);
        assert.ok((step(report, "server")?.hint ?? "").length > 10);
      });
    }

    it("pings it where the module has no sockets", async () => {
      const report = await opening({ rig: { module: { variants: { "socket-commands": "absent" } } } });
      assert.match(step(report, "server")?.detail ?? "", /mail\.example\.com responds to pings/);
    });

    it("does not while a mail is being sent", async () => {
      const report = await opening({
        before: async ({ modem }, pdp) => {
          await pdp.activate();
          await modem.lock.acquire();
        },
      });
      assert.equal(step(report, "server")?.status, "skipped");
    });
  });

  it("takes a missing ping for no proof", async () => {
    const report = await run({ smtp: { host: "192.0.2.7" } });
    assert.equal(step(report, "dns")?.status, "ok");
    assert.equal(step(report, "server")?.status, "warning");
  });

  it("names a clock that nobody can set", async () => {
    const rig: RigOptions = { module: {} };
    const report = await run({
      rig,
      fault: (module) => {
        change(module, cell, { sendsTime: false });
        module.define(({ name, form }, next) =>
          name === "+CCLK" && form === "write" ? { kind: "error" } : next(),
        );
      },
    });
    assert.equal(step(report, "clock")?.code, "NETWORK_CLOCK");
  });

  it("does not look at the clock when no certificate is checked", async () => {
    const report = await run({ smtp: { tls: { ...SMTP.tls, verify: false } } });
    assert.equal(step(report, "clock")?.status, "skipped");
  });

  it("warns of a port that does not go with the security", async () => {
    for (const [port, security] of [
      [587, "tls"],
      [465, "starttls"],
      [465, "none"],
      [25, "tls"],
    ] as const) {
      const report = await run({ smtp: { port, security } });
      assert.equal(step(report, "tls")?.status, "warning", `${port} ${security}`);
    }
    const usual = await run({ smtp: { port: 587, security: "starttls" } });
    assert.equal(step(usual, "tls")?.status, "skipped");
  });

  it("says what the last mail has shown of TLS and login", async () => {
    const sent = await run({ lastMail: { kind: "sent" } });
    assert.deepEqual([step(sent, "tls")?.status, step(sent, "login")?.status], ["ok", "ok"]);
    const refused = await run({
      lastMail: { kind: "failed", error: new ModemError("SMTP_AUTH_FAILED", { smtpCode: 535 }) },
    });
    assert.deepEqual(
      [step(refused, "tls")?.status, step(refused, "login")?.code],
      ["ok", "SMTP_AUTH_FAILED"],
    );
    const untrusted = await run({ lastMail: { kind: "failed", error: new ModemError("SMTP_TLS_FAILED") } });
    assert.equal(step(untrusted, "tls")?.code, "SMTP_TLS_FAILED");
  });

  it("warns of a password that most modules cannot take, without showing it", async () => {
    const report = await run({ smtp: { password: `s3cret-pass${"x".repeat(60)}` } });
    assert.equal(step(report, "login")?.status, "warning");
  });

  it("ends with the reason of its signal, and frees the modem", async () => {
    const rig = simulatedRig();
    rig.module.hang();
    const pdp = new PdpContext(rig.modem, NETWORK);
    const abort = new AbortController();
    const reason = new Error("closed");
    const running = diagnose(
      { modem: rig.modem, pdp, moduleClock: new ModuleClock(rig.modem, 1), network: NETWORK, smtp: SMTP },
      abort.signal,
    );
    await rig.clock.advance(1_000);
    abort.abort(reason);
    await assert.rejects(rig.clock.until(running), reason);
    assert.equal(rig.modem.state.name, "offline");
  });
});
