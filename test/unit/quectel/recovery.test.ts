import assert from "node:assert/strict";
import { ERROR_TABLE, ModemError, type ErrorCode } from "../../../lib/errors";
import { nextStep, type RecoveryHistory, type RecoveryStep } from "../../../lib/quectel/recovery/recovery";
import { RECOVERY_LADDER, SILENCE_SECONDS } from "../../../lib/quectel/recovery/recovery-table";
import { activateContext, deactivateContext } from "../../../lib/quectel/commands/pdp";

const FREE: RecoveryHistory = {
  taken: new Set(),
  rootsTried: false,
  shared: false,
  restartDue: true,
  isOverdue: false,
};

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
      assert.equal(command.timeoutMs, (limit(command.line) ?? 0) * 1000);
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
    assert.equal(nextStep(sending("SMTP_TLS_FAILED"), { ...history, rootsTried: true }), undefined);
  });
});

describe("a failure of a module that sent mails with these settings before", () => {
  const OVERDUE = { isOverdue: true } as const;

  it("calls for a new context and a restart whatever its number, once it lasts", () => {
    for (const [number, code] of Object.entries(NUMBERS)) {
      const taken = steps(sending(code), OVERDUE);
      assert.deepEqual(taken.slice(-2), ["renewContext", "restart"], number);
    }
    assert.equal(nextStep(new ModemError("PDP_DEACTIVATION_FAILED"), { ...FREE, ...OVERDUE }), "restart");
  });

  it("does not, where server, mail or another mail is to blame", () => {
    const blameless = [
      new ModemError("SMTP_UNKNOWN", { smtpCode: 451, stage: "send" }),
      sending("SMTP_AUTH_FAILED"),
      sending("SMTP_MAILBOX_BUSY"),
      new ModemError("LIMIT_ADDRESS", { stage: "recipients" }),
      new ModemError("MODEM_RESULT_UNKNOWN", { stage: "send" }),
    ];
    for (const error of blameless) assert.deepEqual(steps(error, OVERDUE), [], error.code);
    assert.deepEqual(steps(sending("SMTP_BUSY"), OVERDUE), steps(sending("SMTP_BUSY")));
  });

  it("restarts nothing that may not be restarted", () => {
    const error = sending("SMTP_TIMEOUT");
    assert.deepEqual(steps(error, { ...OVERDUE, restartDue: false }), ["renewContext"]);
    assert.deepEqual(steps(error, { ...OVERDUE, shared: true, restartDue: false }), []);
  });
});

/** What the module may say of itself or its connection. */
const NUMBERS = {
  651: "SMTP_UNKNOWN",
  653: "SMTP_DNS_FAILED",
  654: "SMTP_NETWORK",
  655: "SMTP_AUTH_UNSUPPORTED",
  656: "SMTP_CLOSED_BY_SERVER",
  657: "SMTP_PDP_DEACTIVATED",
  658: "SMTP_TIMEOUT",
  660: "SMTP_SEND_FAILED",
  661: "SMTP_FILE_OPEN_FAILED",
  662: "SMTP_NO_MEMORY",
  663: "SMTP_ATTACHMENT_SAVE_FAILED",
} as const satisfies Record<number, ErrorCode>;
