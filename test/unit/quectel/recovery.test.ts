import assert from "node:assert/strict";
import { ERROR_TABLE, ModemError, type ErrorCode } from "../../../lib/errors";
import {
  nextStep,
  RestartPacing,
  type RecoveryHistory,
  type RecoveryStep,
} from "../../../lib/quectel/recovery/recovery";
import { RECOVERY_LADDER, SILENCE_SECONDS } from "../../../lib/quectel/recovery/recovery-table";
import { activateContext, deactivateContext } from "../../../lib/quectel/commands/pdp";
import { VirtualClock } from "../../support/virtual-clock";

const FREE: RecoveryHistory = { taken: new Set(), shared: false, restartDue: true };

/** All steps for an error that comes back after each of them. */
function steps(error: ModemError, limits: Partial<RecoveryHistory> = {}): readonly RecoveryStep[] {
  const taken: RecoveryStep[] = [];
  for (;;) {
    const step = nextStep(error, { ...FREE, ...limits, taken: new Set(taken) });
    if (step === undefined || step === "nextRoot") return taken;
    taken.push(step);
  }
}

const sending = (code: ErrorCode) => new ModemError(code, { stage: "send" });

describe("recovery ladder", () => {
  it("sends again, then renews the context, then restarts, as the manual says", () => {
    assert.deepEqual(steps(sending("SMTP_SEND_FAILED")), ["resend", "renewContext", "restart"]);
    assert.deepEqual(steps(sending("SMTP_UNKNOWN")), ["resend", "renewContext", "restart"]);
  });

  it("takes each step once only, so that it ends", () => {
    for (const code of Object.keys(RECOVERY_LADDER)) {
      const taken = steps(sending(code as ErrorCode));
      assert.equal(new Set(taken).size, taken.length);
    }
  });

  it("renews a context that the network took away before it sends again", () => {
    assert.equal(nextStep(sending("SMTP_PDP_DEACTIVATED"), FREE), "renewContext");
  });

  it("restarts when the context cannot be activated", () => {
    assert.deepEqual(steps(new ModemError("PDP_ACTIVATION_FAILED", { stage: "network" })), ["restart"]);
  });

  it("restarts when QIACT or QIDEACT was not answered, and only then", () => {
    const silent = (command: string) => steps(new ModemError("MODEM_TIMEOUT", { command }));
    assert.deepEqual(silent("AT+QIACT=1"), ["restart"]);
    assert.deepEqual(silent("AT+QIDEACT=1"), ["restart"]);
    assert.deepEqual(silent("AT+QIACT?"), []);
    assert.deepEqual(silent("AT+CSQ"), []);
  });

  it("gives QIACT 150 s and QIDEACT 40 s", () => {
    const limit = (line: string) => SILENCE_SECONDS.find((entry) => line.startsWith(entry.line))?.seconds;
    for (const command of [activateContext(1), deactivateContext(1)]) {
      assert.equal(command.timeout, (limit(command.line) ?? 0) * 1000);
    }
  });

  it("leaves out what would cut a shared data link or comes too soon after a restart", () => {
    const error = sending("SMTP_NETWORK");
    assert.deepEqual(steps(error, { shared: true, restartDue: false }), ["resend"]);
    assert.deepEqual(steps(error, { restartDue: false }), ["resend", "renewContext"]);
  });

  it("does nothing about what the mail server has said", () => {
    assert.deepEqual(steps(new ModemError("SMTP_UNKNOWN", { smtpCode: 550, stage: "send" })), []);
    for (const [code, row] of Object.entries(ERROR_TABLE)) {
      if ((row.number ?? 0) >= 666) assert.equal(RECOVERY_LADDER[code as ErrorCode], undefined, code);
    }
  });

  it("does nothing about a single value that the module refused", () => {
    assert.deepEqual(steps(new ModemError("SMTP_PARAMETER", { stage: "recipients" })), []);
  });

  it("does nothing about an outcome that nobody knows, or an error of another kind", () => {
    assert.deepEqual(steps(sending("MODEM_RESULT_UNKNOWN")), []);
    assert.equal(nextStep(new Error("defect"), FREE), undefined);
  });

  it("tries root certificates as long as there are further ones", () => {
    const history = { ...FREE, taken: new Set<RecoveryStep>(["nextRoot"]) };
    assert.equal(nextStep(sending("SMTP_TLS_FAILED"), history), "nextRoot");
  });
});

describe("restart pacing", () => {
  it("allows restarts at once, then after 10, 30, 60 and 60 minutes", async () => {
    const clock = new VirtualClock();
    const pacing = new RestartPacing(clock);
    for (const minutes of [0, 10, 30, 60, 60]) {
      if (minutes > 0) {
        await clock.advance(minutes * 60_000 - 1);
        assert.equal(pacing.isDue, false);
        await clock.advance(1);
      }
      assert.equal(pacing.isDue, true);
      pacing.restarted();
    }
  });

  it("begins anew after a mail went out", () => {
    const pacing = new RestartPacing(new VirtualClock());
    pacing.restarted();
    assert.equal(pacing.isDue, false);
    pacing.succeeded();
    assert.equal(pacing.isDue, true);
  });
});
