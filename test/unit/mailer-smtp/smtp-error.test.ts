/** What ended a session over a socket, and the error that a person reads of it. */
import assert from "node:assert/strict";
import {
  ERROR_TABLE,
  ModemError,
  SPECIAL_HINTS,
  type ErrorClass,
  type ErrorCode,
  type SpecialHint,
} from "../../../lib/errors";
import type { SessionStage } from "../../../lib/mailer/mailer";
import type { Broken } from "../../../lib/mailer/smtp/dialogue";
import {
  assignedId,
  isAboutRecipients,
  isDateError,
  isRefusal,
  loginNotOffered,
  readReply,
  recipientError,
  refusesParameters,
  responseOf,
  sessionError,
  tlsError,
  type Circumstances,
} from "../../../lib/mailer/smtp/smtp-error";

const SETTINGS: Circumstances["settings"] = {
  host: "mail.example.com",
  port: 587,
  security: "starttls",
  user: "pump7",
  password: "s3cret",
};
const HOST_TIME = Date.UTC(2026, 5, 1);
const NETWORK_TIME = Date.UTC(2027, 2, 4);
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** An error as nodemailer makes it. */
const failure = (fields: object, message = "nodemailer says so"): Error =>
  Object.assign(new Error(message), fields);

function errorOf(
  broken: Partial<Broken>,
  stage: SessionStage,
  circumstances: Partial<Circumstances> = {},
): ModemError {
  return sessionError(
    { connection: undefined, cause: undefined, distrust: undefined, ...broken },
    {
      stage,
      settings: SETTINGS,
      hasOwnSender: false,
      hostTime: HOST_TIME,
      networkTime: undefined,
      ...circumstances,
    },
  );
}

describe("A reply of the server", () => {
  it("is one with a code of three digits at its beginning", () => {
    for (const [line, code] of [
      ["250 ok", 250],
      ["200", 200],
      ["599-5.9.9 x", 599],
      ["199 x", undefined],
      ["600 x", undefined],
      ["said 250 ok", undefined],
      ["25", undefined],
      ["", undefined],
    ] as const)
      assert.equal(readReply(line, SETTINGS)?.code, code, line);
  });

  it("shows none of the forms in which the login was sent, and of a login without password all", () => {
    const { user, password } = SETTINGS;
    const forms = [password, base64(password), base64(`\0${user}\0${password}`), "a token"];
    for (const form of forms) {
      const { text } = readReply(`535 <${form}> no`, { ...SETTINGS, secrets: ["a token"] }) ?? {};
      assert.equal(text?.includes(form), false, text);
      assert.match(text ?? "", /^535 <.+> no$/);
    }
    const said = `535 ${base64(`\0${user}\0`)} no`;
    assert.equal(readReply(said, { user, password: "" })?.text, said);
  });

  it("names the mail by an id only where all of it may be shown", () => {
    for (const id of ["<1@example.com>", "1Sxyz-0001"]) assert.equal(assignedId(id, SETTINGS), id);
    for (const id of [undefined, "", "s3cret@example.com", "a\r\nb", "x".repeat(500), "a\u202eb"])
      assert.equal(assignedId(id, SETTINGS), undefined, id);
  });
});

describe("The error of a session", () => {
  type Row = readonly [SessionStage, string, ErrorCode, ErrorClass, string?];

  function check(rows: readonly Row[], circumstances: Partial<Circumstances> = {}): void {
    for (const [stage, response, code, kind, hint = ERROR_TABLE[code].hint] of rows) {
      const error = errorOf({ cause: failure({ response }) }, stage, circumstances);
      assert.deepEqual(
        [error.code, error.class, error.hint, error.smtpCode, error.stage, error.modemCode],
        [code, kind, hint, Number(response.slice(0, 3)), stage, undefined],
        `${stage}: ${response}`,
      );
      assert.ok(error.message.includes(`the server said ${JSON.stringify(response)}`), error.message);
    }
  }

  it("before the login holds all mails when the server refuses for good", () => {
    const refused = SPECIAL_HINTS.refusedConnection;
    check([
      ["connect", "500 what", "SMTP_COMMAND_UNKNOWN", "setup", refused],
      ["connect", "550 5.7.1 your address", "SMTP_MAILBOX_UNAVAILABLE", "setup", refused],
      ["tls", "554 5.7.0 no", "SMTP_TRANSACTION_FAILED", "setup", refused],
      ["tls", "421 4.3.2 later", "SMTP_SERVICE_UNAVAILABLE", "transient"],
      ["connect", "400 later", "SMTP_TRANSACTION_FAILED", "transient"],
      ["connect", "523 5.7.10 encrypt", "SMTP_ACCESS_DENIED", "setup", SPECIAL_HINTS.loginNeedsEncryption],
    ]);
  });

  it("of a refused login says what to do about it", () => {
    const none = SPECIAL_HINTS.noPasswordLogin;
    check([
      ["login", "500 what", "SMTP_AUTH_UNSUPPORTED", "setup", none],
      ["login", "502 5.5.1 no", "SMTP_AUTH_UNSUPPORTED", "setup", none],
      ["login", "503 5.5.1 no", "SMTP_AUTH_UNSUPPORTED", "setup", none],
      ["login", "534 5.7.9 no", "SMTP_AUTH_FAILED", "setup", SPECIAL_HINTS.appPassword],
      ["login", "550 5.7.1 no", "SMTP_AUTH_FAILED", "setup"],
      ["login", "432 4.7.12 change it", "SMTP_LOCAL_ERROR", "transient"],
      ["login", "452 4.3.1 full", "SMTP_SERVER_STORAGE", "transient"],
    ]);
    for (const [kind, hint] of [
      ["microsoft", SPECIAL_HINTS.microsoftToken],
      ["google", SPECIAL_HINTS.googleToken],
      ["oauth2", SPECIAL_HINTS.otherToken],
    ] as const) {
      const tokens = { kind } as NonNullable<Circumstances["settings"]["tokens"]>;
      const settings = { ...SETTINGS, tokens };
      check(
        [
          ["login", "500 what", "SMTP_AUTH_FAILED", "setup", hint],
          ["login", "535 5.7.3 no", "SMTP_AUTH_FAILED", "setup", hint],
          ["login", "454 4.7.0 later", "SMTP_LOCAL_ERROR", "transient"],
          ["login", "421 4.7.0 later", "SMTP_SERVICE_UNAVAILABLE", "transient"],
        ],
        { settings },
      );
    }
  });

  it("of a refused sender holds all mails, unless it is that of the mail", () => {
    const hint = SPECIAL_HINTS.refusedSender;
    const size: readonly Row[] = [
      ["envelope", "552 too large", "SMTP_MAIL_TOO_LARGE", "message"],
      ["envelope", "554 5.3.4 too large", "SMTP_MAIL_TOO_LARGE", "message"],
      ["envelope", "554-5.3.4 too large", "SMTP_MAIL_TOO_LARGE", "message"],
      ["envelope", "451 4.3.0 after 554 5.3.4", "SMTP_LOCAL_ERROR", "transient"],
    ];
    check([
      ["envelope", "550 5.7.1 no", "SMTP_MAILBOX_UNAVAILABLE", "setup", hint],
      ["envelope", "554 5.3.5 no", "SMTP_TRANSACTION_FAILED", "setup", hint],
      ...size,
    ]);
    check([["envelope", "550 5.7.1 no", "SMTP_MAILBOX_UNAVAILABLE", "message", hint], ...size], {
      hasOwnSender: true,
    });
  });

  it("of a refused message ends this mail alone", () => {
    for (const stage of ["data", "commit"] as const)
      check([
        [stage, "500 what", "SMTP_COMMAND_UNKNOWN", ERROR_TABLE.SMTP_COMMAND_UNKNOWN.class],
        [stage, "554 5.3.4 too large", "SMTP_MAIL_TOO_LARGE", "message"],
        [stage, "552 5.2.3 too large", "SMTP_MAIL_TOO_LARGE", "message"],
        [stage, "550 5.7.1 spam", "SMTP_MAILBOX_UNAVAILABLE", "message"],
        [stage, "597 what", "SMTP_TRANSACTION_FAILED", "message"],
        [stage, "450 4.2.0 later", "SMTP_MAILBOX_BUSY", "transient"],
      ]);
  });

  it("of the command DATA is one of the message, though the envelope is not over for nodemailer", () => {
    const error = errorOf({ cause: failure({ response: "550 5.7.1 no", command: "DATA" }) }, "envelope");
    assert.deepEqual([error.stage, error.class], ["data", "message"]);
  });

  it("of a refused STARTTLS is one of encryption, with the words of the server", () => {
    for (const response of ["454 4.7.0 later", "502 5.5.1 no"]) {
      const error = errorOf({ cause: failure({ response, command: "STARTTLS" }) }, "connect");
      assert.deepEqual(
        [error.code, error.stage, error.hint, error.smtpCode],
        ["SMTP_TLS_FAILED", "tls", SPECIAL_HINTS.noStartTls, Number(response.slice(0, 3))],
      );
      assert.ok(error.message.includes(`the server refused STARTTLS: ${JSON.stringify(response)}`));
      // Every mail meets the second one.
      assert.equal(error.message.includes("mail.example.com:587"), response.startsWith("5"));
    }
  });

  it("of a connection is that of the module, whatever nodemailer makes of it, but for what the server refused", () => {
    const connection = new ModemError("SOCKET_STALLED", { detail: "for 60 s", stage: "data" });
    for (const cause of [
      failure({ code: "ECONNECTION" }),
      failure({ code: "ERR_SSL_X" }),
      connection,
      null,
    ]) {
      const error = errorOf({ connection, cause }, "data");
      assert.deepEqual([error.code, error.stage], ["SOCKET_STALLED", "data"]);
      assert.match(error.message, /for 60 s.*mail\.example\.com:587|mail\.example\.com:587.*for 60 s/);
    }
    assert.equal(errorOf({ connection, cause: failure({ response: "550 no" }) }, "data").smtpCode, 550);
    assert.equal(errorOf({ connection, distrust: "CERT_REVOKED" }, "tls").code, "SMTP_TLS_FAILED");
  });

  it("without a reply is told by what nodemailer and Node.js name", () => {
    const cases: readonly [object, SessionStage, ErrorCode, ErrorClass, SpecialHint?][] = [
      [{ code: "EMESSAGE" }, "envelope", "SMTP_MAIL_TOO_LARGE", "message"],
      [{ code: "EMESSAGE" }, "data", "SMTP_CLOSED_BY_SERVER", "transient"],
      [{ code: "EPROTOCOL" }, "connect", "SMTP_BAD_SEQUENCE", "transient", SPECIAL_HINTS.noSmtp],
      [{ response: "354 go on" }, "envelope", "SMTP_BAD_SEQUENCE", "transient", SPECIAL_HINTS.noSmtp],
      [{ code: "EENVELOPE" }, "envelope", "SMTP_PARAMETER", ERROR_TABLE.SMTP_PARAMETER.class],
      [{ code: "EAUTH" }, "login", "SMTP_PARAMETER", ERROR_TABLE.SMTP_PARAMETER.class],
      [{ code: "ESOCKET" }, "login", "SMTP_CLOSED_BY_SERVER", "transient"],
      [{ code: 42, response: 550, command: {} }, "login", "SMTP_CLOSED_BY_SERVER", "transient"],
      [{}, "commit", "SMTP_CLOSED_BY_SERVER", "transient"],
    ];
    for (const [fields, stage, code, kind, hint = ERROR_TABLE[code].hint] of cases) {
      const cause = failure(fields);
      const error = errorOf({ cause }, stage);
      assert.deepEqual(
        [error.code, error.class, error.stage, error.hint, error.smtpCode, error.modemCode],
        [code, kind, stage, hint, undefined, undefined],
        JSON.stringify(fields),
      );
      if (code === "SMTP_MAIL_TOO_LARGE" || code === "SMTP_PARAMETER")
        assert.match(error.message, /nodemailer says so/);
    }
    assert.match(errorOf({ cause: failure({ response: "354 go on" }) }, "login").message, /said "354 go on"/);
    assert.match(errorOf({ cause: failure({ code: "EPROTOCOL" }) }, "login").message, /said ""/);
    for (const cause of [undefined, null, "text", 5])
      assert.equal(errorOf({ cause }, "login").code, "SMTP_CLOSED_BY_SERVER");
    assert.match(
      errorOf({ cause: { code: "EAUTH", toString: () => "no user" } }, "login").message,
      /no user/,
    );
  });
});

describe("The error of a connection that could not be encrypted", () => {
  const TIMES = { hostTime: HOST_TIME, networkTime: undefined };

  it("asks for the right clock where dates are the reason, and tells the times that are known", () => {
    for (const distrust of [
      "CERT_NOT_YET_VALID",
      "CERT_HAS_EXPIRED",
      "CRL_NOT_YET_VALID",
      "CRL_HAS_EXPIRED",
    ]) {
      assert.equal(isDateError({ connection: undefined, cause: undefined, distrust }), true);
      const alone = errorOf({ distrust }, "connect");
      assert.deepEqual([alone.code, alone.stage, alone.modemCode], ["SMTP_TLS_CLOCK", "tls", undefined]);
      assert.ok(
        alone.message.includes(`${distrust}, the host's clock shows 2026-06-01T00:00:00.000Z`),
        alone.message,
      );
      assert.doesNotMatch(alone.message, /network/);
      const both = errorOf({ distrust }, "connect", { networkTime: NETWORK_TIME });
      assert.match(both.message, /shows 2026-06-01T00:00:00\.000Z, the network's 2027-03-04T00:00:00\.000Z/);
    }
    for (const distrust of [undefined, "SELF_SIGNED_CERT_IN_CHAIN"])
      assert.equal(isDateError({ connection: undefined, cause: undefined, distrust }), false);
  });

  it("tells a time of any clock", () => {
    for (const [hostTime, shown] of [
      [Number.NaN, "no time"],
      [Number.POSITIVE_INFINITY, "no time"],
      [8.64e15 + 2, "no time"],
      [8.64e15, "+275760-09-13T00:00:00.000Z"],
      [-8.64e15, "-271821-04-20T00:00:00.000Z"],
      [-9e15, "no time"],
    ] as const) {
      const { message } = errorOf({ distrust: "CERT_HAS_EXPIRED" }, "tls", { hostTime });
      assert.ok(message.includes(`the host's clock shows ${shown}`), message);
    }
  });

  it("says whether the server is another one, or is not trusted", () => {
    const other = errorOf({ distrust: "ERR_TLS_CERT_ALTNAME_INVALID" }, "tls");
    assert.deepEqual([other.code, other.hint], ["SMTP_TLS_FAILED", SPECIAL_HINTS.otherServerName]);
    const unknown = errorOf({ distrust: "SELF_SIGNED_CERT_IN_CHAIN" }, "tls");
    assert.deepEqual([unknown.code, unknown.hint], ["SMTP_TLS_FAILED", SPECIAL_HINTS.serverNotTrusted]);
    assert.match(unknown.message, /SELF_SIGNED_CERT_IN_CHAIN/);
  });

  it("tells a damaged record, which the next connection may not have, from another protocol", () => {
    const damaged = [
      "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
      "ERR_SSL_BAD_DECRYPT",
      "ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR",
      "ERR_SSL_BAD_SIGNATURE",
      "ERR_SSL_DIGEST_CHECK_FAILED",
      "ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC",
    ];
    const foreign = ["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_TLS_HANDSHAKE_TIMEOUT", "EPROTO"];
    for (const code of [...damaged, ...foreign]) {
      // nodemailer may have put its own code in the place of that of Node.js.
      for (const fields of [{ code }, { code: "ESOCKET", originalCode: code }]) {
        const cause = failure(fields);
        const expected = damaged.includes(code) ? "SOCKET_DAMAGED" : "SMTP_TLS_FAILED";
        const error = errorOf({ cause }, "connect");
        assert.deepEqual([error.code, error.stage, error.cause], [expected, "tls", cause], code);
        assert.ok(error.message.includes(code));
        if (expected === "SMTP_TLS_FAILED") assert.equal(error.hint, SPECIAL_HINTS.oddPort);
        const elsewhere = tlsError(undefined, cause, TIMES, { stage: "token", who: "login.example.com: " });
        assert.deepEqual([elsewhere?.code, elsewhere?.stage], [expected, "token"]);
        assert.ok(elsewhere?.message.includes(`login.example.com: ${code}`));
      }
    }
  });

  it("is named for another server than that of the mails, and none where it was another reason", () => {
    const elsewhere = { stage: "token", who: "login.example.com: " };
    for (const [distrust, code] of [
      ["CERT_HAS_EXPIRED", "SMTP_TLS_CLOCK"],
      ["DEPTH_ZERO_SELF_SIGNED_CERT", "SMTP_TLS_FAILED"],
    ] as const) {
      const error = tlsError(distrust, undefined, TIMES, elsewhere);
      assert.deepEqual([error?.code, error?.stage], [code, "token"]);
      assert.ok(error?.message.includes(`login.example.com: ${distrust}`));
    }
    for (const cause of [
      undefined,
      failure({}),
      failure({ code: "ECONNRESET" }),
      failure({ code: "EPROTOCOL" }),
    ])
      assert.equal(tlsError(undefined, cause, TIMES, elsewhere), undefined);
  });
});

describe("What a failure of the session is about", () => {
  it("is a refused recipient, which holds other mails only where login or encryption is wanted", () => {
    const cases: readonly [string, ErrorCode, ErrorClass, SpecialHint?][] = [
      ["550 5.1.1 unknown", "SMTP_MAILBOX_UNAVAILABLE", "message"],
      ["598 what", "SMTP_TRANSACTION_FAILED", "message"],
      ["452 4.5.3 too many", "SMTP_SERVER_STORAGE", "transient"],
      ["530 5.7.0 login first", "SMTP_ACCESS_DENIED", "setup"],
      ["538 5.7.11 encrypt", "SMTP_ACCESS_DENIED", "setup", SPECIAL_HINTS.loginNeedsEncryption],
    ];
    for (const [text, code, kind, hint = ERROR_TABLE[code].hint] of cases) {
      const error = recipientError({ code: Number(text.slice(0, 3)), text });
      assert.deepEqual([error.code, error.class, error.hint, error.stage], [code, kind, hint, "envelope"]);
      assert.ok(error.message.includes(JSON.stringify(text)));
    }
  });

  it("is read from the reply, the command, and nothing else", () => {
    const rows: readonly [unknown, { refusal?: true; parameters?: true; recipients?: true }][] = [
      [failure({ response: "501 5.5.4 no" }), { refusal: true, parameters: true }],
      [failure({ response: "504 no" }), { refusal: true, parameters: true }],
      [failure({ response: "555 no" }), { refusal: true, parameters: true }],
      [failure({ response: "550 5.1.1 no", command: "RCPT TO" }), { refusal: true, recipients: true }],
      [failure({ response: "454 4.7.0 after 535 and 501" }), {}],
      [failure({ response: "235 ok", command: "AUTH" }), {}],
      [failure({ code: "501" }), {}],
      [new ModemError("SMTP_AUTH_FAILED", { smtpCode: 535 }), {}],
      [undefined, {}],
      ["501 text", {}],
    ];
    for (const [cause, { refusal = false, parameters = false, recipients = false }] of rows) {
      assert.deepEqual(
        [isRefusal(cause), refusesParameters(cause), isAboutRecipients(cause)],
        [refusal, parameters, recipients],
        String(cause),
      );
    }
    assert.equal(responseOf(failure({ response: "501 no" })), "501 no");
    assert.equal(responseOf(failure({ response: 501 })), undefined);
  });

  it("is a login that the server does not offer, by password or token", () => {
    const password = loginNotOffered();
    const token = loginNotOffered("token");
    for (const { code, stage } of [password, token])
      assert.deepEqual([code, stage], ["SMTP_AUTH_UNSUPPORTED", "login"]);
    assert.equal(password.hint, SPECIAL_HINTS.noPasswordLogin);
    assert.equal(token.hint, SPECIAL_HINTS.noTokenLogin);
  });
});
