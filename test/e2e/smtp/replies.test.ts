/** What a server may say, or not say, at each step of a session: whatever it is, the outcome is true, and soon there. */
import assert from "node:assert/strict";
import {
  ERROR_TABLE,
  SPECIAL_HINTS,
  type ErrorClass,
  type ErrorCode,
  type SpecialHint,
} from "../../../lib/errors";
import type { Outcome } from "../../../lib/mailer/mailer";
import { transaction } from "../../support/memory-mailer";
import { CLOSE, MemorySmtp, SILENCE } from "../../support/memory-smtp";
import { socketHost, type SocketHost, type SocketMailer } from "../../support/socket-mailer";
import { VirtualClock } from "../../support/virtual-clock";

const LOGIN = { user: "pump7@example.com", password: "s3cret-word" } as const;
const AUTH = Buffer.from(`\u0000${LOGIN.user}\u0000${LOGIN.password}`).toString("base64");
/** Steps by the command that the server answers; the greeting has none, the dot ends the mail. */
const STEPS = [undefined, "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."] as const;
type Step = (typeof STEPS)[number];
const isStep = (line: string | undefined, step: Step): boolean =>
  step === undefined ? line === undefined : line?.startsWith(step) === true;
/** Milliseconds: the answer to the end of a mail may take ten minutes, and two looks of the socket more. */
const LONGEST = 700_000;

const NONSENSE = [
  "what",
  "999 what",
  "",
  "\u0000\u0001",
  "250-",
  "250-x\r\n250-y",
  "250 ok\r\n250 ok",
  "354 go on\r\n250 ok",
  "x".repeat(70_000),
  `${"250-x\r\n".repeat(12_000)}250 x`,
] as const;

describe("A mail over a socket, whatever the server says:", () => {
  let clock: VirtualClock;
  let host: SocketHost;
  let server: MemorySmtp;
  let rig: SocketMailer;

  before(async () => {
    clock = new VirtualClock(Date.UTC(2026, 5, 1));
    server = new MemorySmtp({ auth: AUTH });
    host = socketHost({
      module: { clock, busy: (work) => clock.busy(work) },
      serve: (peer) => server.serve(peer),
    });
    await clock.until(host.ready);
  });
  beforeEach(() => {
    rig = host.mailer({ smtp: LOGIN });
    server.options = { auth: AUTH };
    server.received.length = 0;
  });
  afterEach(() => rig.mailer.close());
  after(() => clock.until(host.close()));

  async function outcomeOf(step: Step, said: string, extensions: readonly string[]): Promise<Outcome> {
    const what = `${step} answered by ${JSON.stringify(said.slice(0, 40))}`;
    server.received.length = 0;
    server.options = { auth: AUTH, extensions, answer: (line) => (isStep(line, step) ? said : undefined) };
    const outcome = await clock.until(rig.send(), LONGEST);
    const { state } = outcome.recipients[0] ?? {};
    if (state === "accepted") assert.equal(server.received.length, 1, what);
    if (server.received.length > 0) assert.ok(state === "accepted" || state === "unknown", what);
    if (step !== ".") assert.equal(outcome.kind, "ended", what);
    assert.equal(outcome.open, outcome.kind === "unknown");
    assert.equal(outcome.error?.modemCode, undefined);
    // The next mail is none the worse for it.
    server.options = { auth: AUTH, extensions };
    const before = server.received.length;
    const next = await clock.until(rig.send(transaction({ id: "mail-2" })), LONGEST);
    assert.equal(next.recipients[0]?.state, "accepted", what);
    assert.equal(server.received.length, before + 1);
    return outcome;
  }

  for (const step of STEPS) {
    it(`${step ?? "the greeting"} is answered by silence, or by the end of the connection`, async () => {
      for (const said of [SILENCE, CLOSE]) {
        const { kind, error } = await outcomeOf(step, said, []);
        assert.equal(kind, step === "." ? "unknown" : "ended");
        const code = said === CLOSE ? "SMTP_CLOSED_BY_SERVER" : "SMTP_TIMEOUT";
        assert.equal(error?.code, step === "." ? "MODEM_RESULT_UNKNOWN" : code);
        assert.equal(error?.class, step === "." ? "unknown" : "transient");
      }
    });

    it(`${step ?? "the greeting"} is answered by nonsense`, async () => {
      // Each of them both ways over the steps.
      const turn = STEPS.indexOf(step);
      for (const [index, said] of NONSENSE.entries())
        await outcomeOf(step, said, (index + turn) % 2 === 0 ? ["PIPELINING"] : []);
    });
  }

  it("a refusal is named, and holds all mails where it would hit all", async () => {
    const denied = SPECIAL_HINTS.loginNeedsEncryption;
    const cases: readonly [Step, string, ErrorCode, ErrorClass, SpecialHint?][] = [
      [undefined, "421 4.7.0 later", "SMTP_SERVICE_UNAVAILABLE", "transient"],
      [undefined, "521 no mail here", "SMTP_HOST_ACCEPTS_NO_MAIL", "setup", SPECIAL_HINTS.refusedConnection],
      [
        undefined,
        "554 5.7.1 mobile network",
        "SMTP_TRANSACTION_FAILED",
        "setup",
        SPECIAL_HINTS.refusedConnection,
      ],
      ["AUTH", "421 bye", "SMTP_SERVICE_UNAVAILABLE", "transient"],
      ["AUTH", "454 4.7.0 not now", "SMTP_LOCAL_ERROR", "transient"],
      ["AUTH", "504 5.5.4 unknown", "SMTP_AUTH_UNSUPPORTED", "setup", SPECIAL_HINTS.noPasswordLogin],
      ["AUTH", "525 5.7.13 disabled", "SMTP_AUTH_FAILED", "setup", SPECIAL_HINTS.accountDisabled],
      ["AUTH", "534 5.7.9 app password", "SMTP_AUTH_FAILED", "setup", SPECIAL_HINTS.appPassword],
      ["AUTH", "535 5.7.8 wrong", "SMTP_AUTH_FAILED", "setup"],
      ["AUTH", "538 5.7.11 encrypt", "SMTP_ACCESS_DENIED", "setup", denied],
      ["AUTH", "550 5.7.1 blocked", "SMTP_AUTH_FAILED", "setup"],
      ["MAIL", "451 4.3.0 later", "SMTP_LOCAL_ERROR", "transient"],
      ["MAIL", "530 5.7.0 login first", "SMTP_ACCESS_DENIED", "setup"],
      [
        "MAIL",
        "550 5.7.1 not your address",
        "SMTP_MAILBOX_UNAVAILABLE",
        "setup",
        SPECIAL_HINTS.refusedSender,
      ],
      ["MAIL", "552 5.3.4 too large", "SMTP_MAIL_TOO_LARGE", "message"],
      ["MAIL", "553 5.1.8 sender", "SMTP_MAILBOX_NAME", "setup", SPECIAL_HINTS.refusedSender],
      ["RCPT", "421 4.7.0 bye", "SMTP_SERVICE_UNAVAILABLE", "transient"],
      ["RCPT", "450 4.2.0 greylisted", "SMTP_MAILBOX_BUSY", "transient"],
      ["RCPT", "452 4.5.3 too many", "SMTP_SERVER_STORAGE", "transient"],
      ["RCPT", "530 5.7.0 login first", "SMTP_ACCESS_DENIED", "setup"],
      ["RCPT", "550 5.1.1 unknown", "SMTP_MAILBOX_UNAVAILABLE", "message"],
      ["RCPT", "551 5.1.6 moved", "SMTP_USER_NOT_LOCAL", "message"],
      ["RCPT", "599 5.9.9 because", "SMTP_TRANSACTION_FAILED", "message"],
      ["DATA", "451 4.3.2 later", "SMTP_LOCAL_ERROR", "transient"],
      ["DATA", "554 5.5.1 no", "SMTP_TRANSACTION_FAILED", "message"],
      [".", "451 4.3.0 later", "SMTP_LOCAL_ERROR", "transient"],
      [".", "452 4.3.1 full", "SMTP_SERVER_STORAGE", "transient"],
      [".", "550 5.7.1 spam", "SMTP_MAILBOX_UNAVAILABLE", "message"],
      [".", "552 5.2.3 too large", "SMTP_MAIL_TOO_LARGE", "message"],
      [".", "554 5.6.0 no", "SMTP_TRANSACTION_FAILED", "message"],
    ];
    for (const [step, said, code, kind, hint = ERROR_TABLE[code].hint] of cases) {
      const { error, recipients } = await outcomeOf(step, said, ["PIPELINING"]);
      assert.deepEqual(
        [error?.code, error?.class, error?.smtpCode, error?.hint],
        [code, kind, Number(said.slice(0, 3)), hint],
        `${step}: ${said}`,
      );
      assert.ok(error?.message.includes(JSON.stringify(said)));
      assert.equal(recipients[0]?.state, kind === "message" ? "refused" : "deferred", `${step}: ${said}`);
    }
  });

  it("a refused sender ends a mail that named it itself, and holds no other", async () => {
    server.options = {
      auth: AUTH,
      answer: (line) => (isStep(line, "MAIL") ? "553 5.1.8 sender" : undefined),
    };
    const from = { name: "", address: "other@example.com" };
    const { error } = await clock.until(rig.send(transaction({ from })), LONGEST);
    assert.deepEqual([error?.code, error?.class], ["SMTP_MAILBOX_NAME", "message"]);
  });

  it("words of the server hold no part of a secret, wherever they are cut", async () => {
    for (const secret of [AUTH, LOGIN.password, Buffer.from(LOGIN.password).toString("base64")]) {
      for (const said of [`250 ${secret.repeat(100)}`, `250 ${"x".repeat(470)}${secret.repeat(20)}`]) {
        const { passage } = await outcomeOf(".", said, []);
        assert.match(passage?.response ?? "", /^250 x*•+$/);
      }
    }
  });

  it("words of the server are shown in one short line without controls", async () => {
    const said = `554-5.6.0 ${"x".repeat(600)}\r\n554 5.6.0 \u001b[31mred\u202e`;
    const { error, recipients } = await outcomeOf(".", said, ["PIPELINING"]);
    assert.ok((error?.message.length ?? 0) < 700);
    assert.ok((recipients[0]?.response?.length ?? 0) <= 500);
    assert.doesNotMatch(`${error?.message} ${recipients[0]?.response}`, /[\p{Cc}\u202e]/u);
  });
});
