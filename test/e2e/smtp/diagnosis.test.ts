/** The diagnosis where mails go over a socket: encryption and login are tried, and no mail is sent. */
import assert from "node:assert/strict";
import { diagnose, type DiagnosisReport } from "../../../lib/quectel/diagnosis/diagnosis";
import { ServerCheck } from "../../../lib/mailer/smtp/server-check";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { internet, OK } from "../../../lib/simulator";
import { certificate } from "../../support/certificates";
import { ACCOUNT } from "../../support/memory-rig";
import { MemorySmtp, type MemorySmtpOptions, SILENCE } from "../../support/memory-smtp";
import { NETWORK } from "../../support/module-replies";
import { socketHost } from "../../support/socket-mailer";
import { VirtualClock } from "../../support/virtual-clock";

const NOW = Date.UTC(2026, 5, 1);
const LOGIN = { user: "pump7@example.com", password: "s3cret-pass" };
const AUTH = Buffer.from(`\0${LOGIN.user}\0${LOGIN.password}`).toString("base64");
const TLS: Partial<SmtpSettings> = {
  security: "tls",
  port: 465,
  tls: { verify: true, root: { from: "pem", pem: certificate("ca").cert }, contextId: 1 },
};

interface Case {
  readonly smtp?: Partial<SmtpSettings>;
  readonly server?: MemorySmtpOptions;
  /** The server offers no login. */
  readonly login?: "none";
  /** What the network tells in place of the right time, as the module writes it. */
  readonly network?: string;
  readonly variants?: Readonly<Record<string, string>>;
}

describe("The diagnosis over a socket", function () {
  this.timeout(30_000);

  async function run({ smtp, server: options, network, variants, login }: Case = {}) {
    const clock = new VirtualClock(NOW);
    const server = new MemorySmtp({
      tls: "implicit",
      ...(login === undefined && { auth: AUTH }),
      ...options,
    });
    const host = socketHost({
      module: {
        clock,
        busy: (work) => clock.busy(work),
        ...(variants !== undefined && { variants }),
      },
      serve: server.serve,
    });
    const { module, modem, pdp, sockets } = host;
    Object.assign(module.state(internet), { hosts: { "mail.example.com": "127.0.0.1" } });
    // Host and module share a clock here; only the network knows better.
    module.define((command, next) => {
      if (network === undefined || command.name !== "+QLTS") return next();
      command.info(`+QLTS: "${network}"`);
      return OK;
    });
    const settings: SmtpSettings = { ...ACCOUNT, ...TLS, ...LOGIN, ...smtp };
    const moduleClock = new ModuleClock(modem, 1);
    await clock.until(host.ready);
    const lease = await clock.until(modem.lock.acquire());
    const report = await clock.until(
      diagnose({
        modem,
        pdp,
        moduleClock,
        sockets,
        network: NETWORK,
        smtp: settings,
        checkedBy: "host",
        session: new ServerCheck({ modem, moduleClock, sockets, settings }),
        lease,
      }),
      3_600_000,
    );
    lease.release();
    const lines = module.log.lines().join("\n");
    await clock.until(host.close());
    assert.doesNotMatch(JSON.stringify(report), /s3cret-pass/);
    assert.doesNotMatch(server.lines.join("\n"), /^(?:MAIL|DATA)/m);
    // Every connection that was opened is closed.
    assert.equal(lines.match(/AT\+QIOPEN=\d/g)?.length ?? 0, lines.match(/AT\+QICLOSE/g)?.length ?? 0);
    return { ...stepsOf(report), lines: server.lines.join("\n") };
  }
  const stepsOf = ({ steps }: DiagnosisReport) => {
    const of = (name: string) => steps.find((step) => step.name === name);
    const { clock, tls, login } = { clock: of("clock"), tls: of("tls"), login: of("login") };
    return { clock, tls, login, statuses: `${tls?.status} ${login?.status}` };
  };

  it("tries encryption and login, and sends nothing", async () => {
    for (const [security, kind] of [
      ["tls", "implicit"],
      ["starttls", "starttls"],
    ] as const) {
      const { tls, login, clock, statuses } = await run({ smtp: { security }, server: { tls: kind } });
      assert.equal(statuses, "ok ok", JSON.stringify([tls, login]));
      assert.match(tls?.detail ?? "", /^TLSv1\.3, the certificate is trusted$/);
      assert.match(login?.detail ?? "", /accepted the login/);
      assert.equal(clock?.status, "ok");
    }
  });

  it("says without encryption whether the login is accepted", async () => {
    const { statuses } = await run({ smtp: { security: "none" }, server: { tls: "none" } });
    assert.equal(statuses, "skipped ok");
    const open = await run({ smtp: { security: "none", user: "", password: "" }, server: { tls: "none" } });
    assert.equal(open.statuses, "skipped skipped");
  });

  it("names a refused login with its hint, and one that the server does not offer", async () => {
    const refused = await run({ smtp: { password: "wrong" } });
    assert.equal(refused.statuses, "ok failed");
    assert.equal(refused.login?.code, "SMTP_AUTH_FAILED");
    assert.ok((refused.login?.hint ?? "").length > 10);
    const without = await run({ login: "none" });
    assert.equal(without.login?.code, "SMTP_AUTH_UNSUPPORTED");
  });

  it("names a certificate that is not trusted, and does not log in then", async () => {
    for (const name of ["other-name", "expired"] as const) {
      const { tls, login, statuses, lines } = await run({ server: { certificate: certificate(name) } });
      assert.equal(statuses, "failed skipped", name);
      assert.equal(tls?.code, name === "expired" ? "SMTP_TLS_CLOCK" : "SMTP_TLS_FAILED");
      assert.equal(login?.needs, "tls");
      assert.doesNotMatch(lines, /AUTH/);
    }
  });

  it("warns of a clock of the host that the network contradicts, with both times", async () => {
    const { clock } = await run({ network: "2027/03/04,05:06:07+00,0" });
    assert.equal(clock?.status, "warning");
    assert.equal(clock?.code, "SMTP_TLS_CLOCK");
    assert.match(clock?.detail ?? "", /2026-06-01T.*2027-03-04T05:06:07/);
  });

  it("ends at a server that takes no STARTTLS, and at one that says nothing", async () => {
    const clear = await run({ smtp: { security: "starttls" }, server: { tls: "none" } });
    assert.equal(clear.statuses, "failed skipped");
    assert.equal(clear.tls?.code, "SMTP_TLS_FAILED");
    const silent = await run({ server: { answer: (line) => (line === undefined ? SILENCE : undefined) } });
    assert.equal(silent.tls?.code, "SMTP_TIMEOUT");
  });

  it("says that a module without sockets cannot send mails so", async () => {
    const { tls, statuses } = await run({ variants: { "socket-commands": "absent" } });
    assert.equal(statuses, "failed skipped");
    assert.equal(tls?.code, "SOCKET_UNSUPPORTED");
  });
});
