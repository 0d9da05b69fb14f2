/**
 * Every number by which the module refuses a mail, from the line on the wire to what the outbox does about it: code,
 * class and hint, the steps of the recovery ladder, and whether the mail waits, is given up, or holds all.
 *
 * The table is written by hand from the manual's error chapter; it does not look at the code's own tables.
 */
import assert from "node:assert/strict";
import { ERROR_TABLE, type ErrorClass, type ErrorCode } from "../../../lib/errors";
import { cme, ERROR, OK } from "../../../lib/simulator";
import { memoryOutbox, outboxMail, type OutboxRig } from "../../support/memory-outbox";

/** S: sent to the server. C: context deactivated and activated. R: module restarted. */
type Steps = string;

/** What becomes of the mail after all steps. */
const FATE = { transient: "waits", message: "failed", setup: "held", unknown: "waits" } as const;

const RESULTS: readonly (readonly [number, number, ErrorCode, ErrorClass, Steps])[] = [
  [651, 0, "SMTP_UNKNOWN", "transient", "SSCSRS"],
  [652, 0, "SMTP_BUSY", "transient", "SSRS"],
  [653, 0, "SMTP_DNS_FAILED", "transient", "SCSRS"],
  [654, 0, "SMTP_NETWORK", "transient", "SSCSRS"],
  [655, 0, "SMTP_AUTH_UNSUPPORTED", "setup", "S"],
  [656, 0, "SMTP_CLOSED_BY_SERVER", "transient", "SSCS"],
  [657, 0, "SMTP_PDP_DEACTIVATED", "transient", "SCSRS"],
  [658, 0, "SMTP_TIMEOUT", "transient", "SCS"],
  [659, 0, "SMTP_NO_RECIPIENT", "message", "SS"],
  [660, 0, "SMTP_SEND_FAILED", "transient", "SSCSRS"],
  [661, 0, "SMTP_FILE_OPEN_FAILED", "transient", "SS"],
  [662, 0, "SMTP_NO_MEMORY", "transient", "S"],
  [663, 0, "SMTP_ATTACHMENT_SAVE_FAILED", "transient", "SS"],
  [664, 0, "SMTP_PARAMETER", "message", "SS"],
  [665, 0, "SMTP_TLS_FAILED", "setup", "S"],
  [666, 421, "SMTP_SERVICE_UNAVAILABLE", "transient", "S"],
  [667, 450, "SMTP_MAILBOX_BUSY", "transient", "S"],
  [668, 451, "SMTP_LOCAL_ERROR", "transient", "S"],
  [669, 452, "SMTP_SERVER_STORAGE", "transient", "S"],
  [670, 500, "SMTP_COMMAND_UNKNOWN", "setup", "S"],
  [671, 501, "SMTP_ARGUMENT_SYNTAX", "message", "S"],
  [672, 502, "SMTP_NOT_IMPLEMENTED", "setup", "S"],
  [673, 503, "SMTP_BAD_SEQUENCE", "setup", "S"],
  [674, 504, "SMTP_ARGUMENT_NOT_IMPLEMENTED", "setup", "S"],
  [675, 521, "SMTP_HOST_ACCEPTS_NO_MAIL", "setup", "S"],
  [676, 530, "SMTP_ACCESS_DENIED", "setup", "S"],
  [677, 535, "SMTP_AUTH_FAILED", "setup", "S"],
  [678, 550, "SMTP_MAILBOX_UNAVAILABLE", "message", "S"],
  [679, 551, "SMTP_USER_NOT_LOCAL", "message", "S"],
  [680, 552, "SMTP_MAIL_TOO_LARGE", "message", "S"],
  [681, 553, "SMTP_MAILBOX_NAME", "message", "S"],
  [682, 554, "SMTP_TRANSACTION_FAILED", "message", "S"],
  // The same numbers with other replies, and replies that have no number.
  [678, 450, "SMTP_MAILBOX_UNAVAILABLE", "transient", "S"],
  [677, 454, "SMTP_AUTH_FAILED", "transient", "S"],
  [682, 432, "SMTP_TRANSACTION_FAILED", "transient", "S"],
  [682, 0, "SMTP_TRANSACTION_FAILED", "transient", "S"],
  [682, 534, "SMTP_AUTH_FAILED", "setup", "S"],
  [682, 538, "SMTP_ACCESS_DENIED", "setup", "S"],
  [682, 555, "SMTP_TRANSACTION_FAILED", "message", "S"],
];

/**
 * What is written about an upload: U up to RAM, F up to flash, D deleted. Numbers by which firmware may mean that it has
 * no RAM are followed by flash.
 */
const FILES: readonly (readonly [number, ErrorCode, ErrorClass, Steps])[] = [
  [400, "FILE_INVALID_INPUT", "transient", "UDUDFDF"],
  [401, "FILE_BEYOND_END", "transient", "U"],
  [402, "FILE_ZERO_READ", "transient", "U"],
  [403, "FILE_DRIVE_FULL", "transient", "UDFD"],
  [404, "FILE_MOVE_FAILED", "transient", "U"],
  [405, "FILE_NOT_FOUND", "transient", "U"],
  [406, "FILE_NAME_INVALID", "message", "UDUDFDF"],
  [407, "FILE_EXISTS", "transient", "UDU"],
  [408, "FILE_CREATE_FAILED", "transient", "UDF"],
  [409, "FILE_WRITE_FAILED", "transient", "UDU"],
  [410, "FILE_OPEN_FAILED", "transient", "UDF"],
  [411, "FILE_READ_FAILED", "transient", "U"],
  [412, "FILE_TOO_LONG", "message", "U"],
  [413, "FILE_TOO_MANY_OPEN", "transient", "U"],
  [414, "FILE_READ_ONLY", "transient", "U"],
  [415, "FILE_SIZE_FAILED", "transient", "U"],
  [416, "FILE_BAD_HANDLE", "transient", "U"],
  [417, "FILE_LIST_FAILED", "transient", "U"],
  [418, "FILE_DELETE_FAILED", "transient", "U"],
  [419, "FILE_STORE_INFO_FAILED", "transient", "U"],
  [420, "FILE_NO_SPACE", "transient", "UDFD"],
  [421, "FILE_TIMEOUT", "transient", "UDU"],
  [422, "FILE_NOT_OPEN", "transient", "U"],
  [423, "FILE_TOO_LARGE", "message", "UDFD"],
  [424, "FILE_ALREADY_THERE", "transient", "UDU"],
  [425, "FILE_PARAMETER", "transient", "UDUDFDF"],
  [426, "FILE_ALREADY_OPEN", "transient", "U"],
  [427, "FILE_GENERAL", "transient", "U"],
  [428, "FILE_RENAME_FAILED", "transient", "U"],
  [429, "FILE_LEFT_DATA_MODE", "transient", "UDU"],
];

/** Numbers of QIGETERROR after a refused QIACT. */
const TCPIP = Array.from({ length: 25 }, (_none, at) => 550 + at);

interface Seen {
  readonly code: string | undefined;
  readonly fate: "waits" | "failed" | "held";
}

async function opened(): Promise<OutboxRig> {
  const rig = memoryOutbox({ module: { timing: { bootMs: 1000 } } });
  await rig.open();
  await rig.clock.run(() => rig.mailer.available);
  return rig;
}

/** Runs the mail until the outbox has decided about it. */
async function fateOf(rig: OutboxRig, mail = outboxMail()): Promise<Seen> {
  await rig.accept(mail);
  const { outbox } = rig;
  const isDecided = (): boolean => {
    const { depth, sending, hold, nextTryInMs = 0 } = outbox.summary();
    return depth === 0 || (sending === undefined && (hold !== undefined || nextTryInMs > 1000));
  };
  await rig.clock.run(isDecided, 3600_000);
  const { hold, depth } = outbox.summary();
  if (hold !== undefined) return { code: hold.kind === "setup" ? hold.code : hold.kind, fate: "held" };
  if (depth === 0) return { code: rig.ended[0]?.error?.code, fate: "failed" };
  const { rows } = await rig.clock.until(outbox.list());
  return { code: rows[0]?.error?.code, fate: "waits" };
}

const hintOf = (code: ErrorCode): string => ERROR_TABLE[code].hint;

describe("the number of a result line", () => {
  const known = new Set(RESULTS.map(([number]) => number));
  it("is any of 651 to 682", () => {
    assert.deepEqual(
      [...known],
      Array.from({ length: 32 }, (_none, at) => 651 + at),
    );
  });

  for (const [number, reply, code, decision, steps] of RESULTS) {
    it(`${number},${reply} becomes ${code} (${decision}), the ladder is ${steps}, the mail ${FATE[decision]}`, async () => {
      const rig = await opened();
      rig.module.define((context, next) => {
        if (context.name !== "+QSMTPPUT" || context.form !== "write") return next();
        context.afterResult(() => rig.module.raiseUrc(`+QSMTPPUT: ${number},${reply}`));
        return OK;
      });
      const seen = await fateOf(rig);
      assert.deepEqual(seen, { code, fate: FATE[decision] });
      assert.ok(hintOf(code).length > 10);
      const taken = rig.module.log
        .lines()
        .flatMap((line) =>
          line.startsWith("AT+QSMTPPUT=")
            ? "S"
            : line === "AT+QIDEACT=1"
              ? "C"
              : line === "AT+CFUN=1,1"
                ? "R"
                : [],
        );
      assert.equal(taken.join(""), steps);
      await rig.stop();
    });
  }
});

describe("the number of a refused upload", () => {
  it("is any of 400 to 429", () => {
    assert.deepEqual(
      FILES.map(([number]) => number),
      Array.from({ length: 30 }, (_none, at) => 400 + at),
    );
  });

  for (const [number, code, decision, steps] of FILES) {
    it(`${number} becomes ${code} (${decision}), the wire shows ${steps}, the mail ${FATE[decision]}`, async () => {
      const rig = await opened();
      rig.module.define((context, next) =>
        context.name === "+QFUPL" && context.form === "write" ? cme(number) : next(),
      );
      const content = { kind: "bytes", bytes: Buffer.from("1234567890") } as const;
      const seen = await fateOf(rig, outboxMail({ attachments: [{ filename: "log.csv", content }] }));
      assert.deepEqual(seen, { code, fate: FATE[decision] });
      assert.ok(hintOf(code).length > 10);
      const taken = rig.module.log
        .lines()
        .flatMap((line) =>
          line.startsWith('AT+QFUPL="RAM')
            ? "U"
            : line.startsWith('AT+QFUPL="UFS')
              ? "F"
              : line.startsWith("AT+QFDEL")
                ? "D"
                : [],
        );
      assert.equal(taken.join(""), steps);
      assert.equal(rig.server.received.length, 0);
      await rig.stop();
    });
  }
});

describe("the number of a refused data connection", () => {
  for (const number of TCPIP) {
    const isApn = number === 573;
    it(`${number} ${isApn ? "asks for an APN and holds" : "restarts the module once, is shown, and the mail waits"}`, async () => {
      const rig = await opened();
      rig.module.define((context, next) => {
        if (context.name === "+QIACT" && context.form === "write") return ERROR;
        if (context.name !== "+QIGETERROR") return next();
        context.info(`+QIGETERROR: ${number},words of the module`);
        return OK;
      });
      const seen = await fateOf(rig);
      assert.deepEqual(
        seen,
        isApn ? { code: "PDP_NO_APN", fate: "held" } : { code: "PDP_ACTIVATION_FAILED", fate: "waits" },
      );
      const { rows } = await rig.clock.until(rig.outbox.list());
      if (!isApn) assert.match(rows[0]?.error?.message ?? "", new RegExp(`${number}, words of the module`));
      assert.equal(rig.module.log.lines().filter((line) => line === "AT+CFUN=1,1").length, isApn ? 0 : 1);
      await rig.stop();
    });
  }
});
