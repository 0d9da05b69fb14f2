/** What is tried about a mail over a socket before it waits, and which failures say nothing about the mail. */
import assert from "node:assert/strict";
import { ModemError, type ErrorCode } from "../../../lib/errors";
import { isOfTheWay, Remedies, wayOf } from "../../../lib/mailer/smtp/remedies";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { ModuleRecovery } from "../../../lib/quectel/recovery/module-recovery";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { ACCOUNT } from "../../support/memory-rig";
import { socketHost, type SocketHost } from "../../support/socket-mailer";
import { VirtualClock } from "../../support/virtual-clock";

const { signal } = new AbortController();
const refused = (code: ErrorCode, smtpCode?: number): ModemError =>
  new ModemError(code, { modemCode: null, ...(smtpCode !== undefined && { smtpCode }) });

describe("A mail over a socket that did not go out", () => {
  for (const line of [115_200, "unpaced"] as const) {
    describe(line === "unpaced" ? "by USB" : "by a serial line", () => {
      const clock = new VirtualClock();
      let host: SocketHost;
      before(async () => {
        host = socketHost({ module: { clock, busy: (work) => clock.busy(work), timing: { line } } });
        await clock.until(host.ready);
      });
      after(() => clock.until(host.close()));

      function remedies(security: SmtpSettings["security"]): Remedies {
        const { modem, pdp } = host;
        const recovery = new ModuleRecovery({
          modem,
          pdp,
          store: memoryStore(),
          host: ACCOUNT.host,
          settings: "some",
        });
        return new Remedies({ modem, recovery, settings: { security } });
      }
      const next = (from: Remedies, error: ModemError, id = "mail-1") =>
        clock.until(from.next(id, error, signal));

      it("is repeated once where a damaged byte may be the reason of a refusal", async () => {
        const cases: readonly [SmtpSettings["security"], ModemError, boolean][] = [
          ["none", refused("SMTP_AUTH_FAILED", 535), true],
          ["none", refused("SMTP_MAILBOX_UNAVAILABLE", 550), true],
          ["none", refused("SMTP_MAILBOX_BUSY", 450), false],
          ["tls", refused("SMTP_AUTH_FAILED", 535), false],
          ["starttls", refused("SMTP_MAILBOX_UNAVAILABLE", 550), false],
          ["tls", refused("SMTP_TLS_FAILED"), true],
          ["starttls", refused("SMTP_TLS_FAILED"), true],
          ["tls", refused("SMTP_TLS_CLOCK"), false],
        ];
        for (const [security, error, isRepeated] of cases) {
          const from = remedies(security);
          const told = await next(from, error);
          const expected = isRepeated && line !== "unpaced" ? undefined : error;
          assert.equal(told, expected, `${security} ${String(error)}`);
          if (expected === undefined) {
            assert.equal(await next(from, error), error);
            // After its back-off it has all remedies again.
            assert.equal(await next(from, error), undefined);
          }
        }
      });
    });
  }

  it("takes each remedy of its failure once, says in the log which, and has them again for the next failure", async () => {
    const clock = new VirtualClock();
    const host = socketHost({ module: { clock, busy: (work) => clock.busy(work) } });
    await clock.until(host.ready);
    const { modem, pdp, module, log } = host;
    const recovery = new ModuleRecovery({ modem, pdp, store: memoryStore(), host: "x", settings: "some" });
    const remedies = new Remedies({ modem, recovery, settings: { security: "tls" } });
    const lease = await clock.until(modem.lock.acquire());
    await clock.until(pdp.ensure(signal));
    const closed = refused("SMTP_CLOSED_BY_SERVER");
    const steps = async (id: string): Promise<readonly string[]> => {
      const taken: string[] = [];
      for (let turn = 0; turn < 5; turn++) {
        const { length } = log.lines;
        if ((await clock.until(remedies.next(id, closed, signal))) !== undefined) return taken;
        const [said = ""] = log.lines.slice(length);
        assert.ok(said.includes(String(closed)), said);
        const before = module.log.lines().length;
        await clock.until(remedies.apply(id, lease, signal));
        const isRenewed = module.log
          .lines()
          .slice(before)
          .some((line) => line.startsWith("AT+QIDEACT"));
        taken.push(`${said.replace(/.*: /, "")}${isRenewed ? ", renewed" : ""}`);
        // Carried out once.
        const after = module.log.lines().length;
        await clock.until(remedies.apply(id, lease, signal));
        assert.equal(module.log.lines().length, after);
      }
      return taken;
    };
    const all = ["resend", "renewContext, renewed"];
    assert.deepEqual(await steps("mail-1"), all);
    assert.deepEqual(await steps("mail-1"), all);
    assert.equal(await clock.until(remedies.next("mail-2", closed, signal)), undefined);
    // One that went out begins anew.
    remedies.forget("mail-2");
    assert.deepEqual(await steps("mail-2"), all);
    lease.release();
    await clock.until(host.close());
  });
});

describe("The way of mails over a socket", () => {
  it("is another one with every setting by which they go, whoever sends them, and tells no secret", () => {
    const changed: readonly Partial<SmtpSettings>[] = [
      { host: "other.example.com" },
      { port: 587 },
      { security: "tls" },
      { user: "other" },
      { tls: { ...ACCOUNT.tls, verify: false } },
      { tls: { ...ACCOUNT.tls, root: { from: "name", name: "ISRG Root X1" } } },
    ];
    const ways = [{}, ...changed].map((some) => wayOf({ ...ACCOUNT, ...some }));
    assert.equal(new Set(ways).size, ways.length);
    const alike: readonly Partial<SmtpSettings>[] = [
      { password: "other" },
      { senderName: "Other" },
      { senderAddress: "other@example.com" },
    ];
    for (const some of alike) assert.equal(wayOf({ ...ACCOUNT, ...some }), wayOf(ACCOUNT));
    assert.ok(!wayOf(ACCOUNT).includes(ACCOUNT.password));
  });

  it("is to blame for failures of port, module and network, unless the server has spoken", () => {
    const ofTheWay: readonly ErrorCode[] = [
      "PORT_UNPLUGGED",
      "MODEM_RESET",
      "MODEM_TIMEOUT",
      "SOCKET_CLOSED",
      "SOCKET_STALLED",
      "PDP_LOST",
      "SIM_MISSING",
      "NETWORK_NOT_REGISTERED",
      "SMTP_CLOSED_BY_SERVER",
      "SMTP_TIMEOUT",
    ];
    const others: readonly ErrorCode[] = [
      "SMTP_TLS_FAILED",
      "SMTP_AUTH_FAILED",
      "SMTP_MAIL_TOO_LARGE",
      "SMTP_BAD_SEQUENCE",
      "SMTP_PDP_DEACTIVATED",
      "SMTP_NETWORK",
      "INVALID_CONFIG",
    ];
    for (const code of [...ofTheWay, ...others]) {
      assert.equal(isOfTheWay(refused(code)), ofTheWay.includes(code), code);
      assert.equal(isOfTheWay(refused(code, 421)), false, code);
    }
  });
});
