/**
 * Whoever reads what to do about an error of the settings finds its field: the hint names it as the dialog does, and the
 * tab it stands on, in every language.
 */
import assert from "node:assert/strict";
import { ERROR_TABLE, SPECIAL_HINTS, type ErrorCode } from "../../../lib/errors";
import { readJson } from "../../support/editor-files";
import { ENGLISH, runtimeTexts, textsOf, TRANSLATIONS } from "./languages";

const OF_SERVER = "modem.tab.server";
const OF_NETWORK = "modem.tab.network";
const SERVER = [OF_SERVER, "modem.label.smtpHost", "modem.label.smtpPort"];
const LOGIN = [OF_SERVER, "modem.label.smtpUser", "modem.label.smtpPassword"];
const ENCRYPTION = [OF_SERVER, "modem.label.smtpPort", "modem.label.smtpSecurity"];
const WAY = [OF_SERVER, "modem.label.mailer"];
const SENDER = [OF_SERVER, "modem.label.senderAddress"];
const RECIPIENT = ["smtp-send.label.to"];
const PIN = [OF_NETWORK, "modem.label.simPin"];
const APN = [OF_NETWORK, "modem.label.apn"];
const APN_LOGIN = [...APN, "modem.label.apnUser", "modem.label.apnPassword"];

/** By code, or by name of a special hint: what has to be named, by the keys of the catalogs. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  LIMIT_CREDENTIALS: [...LOGIN, ...WAY],
  LIMIT_SERVER: [OF_SERVER, "modem.label.smtpHost"],
  SIM_PIN_REQUIRED: PIN,
  SIM_PIN_REFUSED: PIN,
  SIM_PIN_LAST_TRY: PIN,
  PDP_NO_APN: APN,
  PDP_TOO_MANY: [OF_NETWORK, "modem.label.contextId"],
  PDP_ACTIVATION_FAILED: APN_LOGIN,
  SOCKET_PDP_OPEN_FAILED: APN_LOGIN,
  SOCKET_UNSUPPORTED: WAY,
  SOCKET_PARAMETER: [...SERVER, "modem.label.contextId"],
  SOCKET_DNS_FAILED: [OF_SERVER, "modem.label.smtpHost", ...APN],
  SOCKET_CONNECT_FAILED: SERVER,
  SOCKET_TIMEOUT: SERVER,
  SMTP_DNS_FAILED: [OF_SERVER, "modem.label.smtpHost", ...APN],
  SMTP_NETWORK: SERVER,
  SMTP_CLOSED_BY_SERVER: ENCRYPTION,
  SMTP_TIMEOUT: ENCRYPTION,
  SMTP_AUTH_UNSUPPORTED: WAY,
  SMTP_AUTH_FAILED: LOGIN,
  SMTP_ACCESS_DENIED: [...LOGIN, "modem.label.smtpSecurity"],
  SMTP_BAD_SEQUENCE: [...LOGIN, "modem.label.smtpSecurity"],
  SMTP_TLS_FAILED: [...ENCRYPTION, "modem.tab.security", "modem.label.tlsRoot"],
  SMTP_TOKEN_REFUSED: [
    OF_SERVER,
    ...["tenant", "clientId", "clientSecret", "serviceAccount"].map((name) => `modem.label.${name}`),
  ],
  SMTP_COMMAND_UNKNOWN: SERVER,
  SMTP_NOT_IMPLEMENTED: SERVER,
  SMTP_ARGUMENT_NOT_IMPLEMENTED: WAY,
  SMTP_HOST_ACCEPTS_NO_MAIL: [OF_SERVER, "modem.label.smtpHost"],
  SMTP_ARGUMENT_SYNTAX: [...SENDER, ...RECIPIENT],
  SMTP_MAILBOX_UNAVAILABLE: RECIPIENT,
  SMTP_USER_NOT_LOCAL: RECIPIENT,
  SMTP_MAILBOX_NAME: [...RECIPIENT, ...SENDER],
  INVALID_RECIPIENT: RECIPIENT,
  INVALID_SENDER: SENDER,
  PORT_NOT_FOUND: ["modem.label.serialPort"],
  PORT_REFUSED: ["modem.label.tcpHost", "modem.label.tcpPort"],
  MODEM_SILENT: ["modem.label.serialPort", "modem.label.baudRate"],
  refusedSender: SENDER,
  oddPort: [OF_SERVER, "modem.label.smtpPort"],
  noSuchServer: [OF_SERVER, "modem.label.smtpHost"],
  otherServerName: [OF_SERVER, "modem.label.smtpHost"],
  loginNeedsEncryption: [OF_SERVER, "modem.label.smtpSecurity"],
  noPasswordLogin: ENCRYPTION,
  noTokenLogin: [...SERVER, ...ENCRYPTION],
  noSmtp: SERVER,
  appPassword: [OF_SERVER, "modem.label.smtpPassword"],
  serverNotTrusted: ["modem.tab.security"],
  noRootKnown: ["modem.tab.security"],
  noSuchRoot: ["modem.tab.security"],
};

/** Errors of the setup that no field of a dialog is about. */
const WITHOUT_FIELD: ReadonlySet<string> = new Set<ErrorCode>([
  // The message itself names the field (test/unit/field-names.test.ts).
  "INVALID_CONFIG",
  "INVALID_CREDENTIAL",
  "SIM_MISSING",
  "SIM_PUK_REQUIRED",
  "MODEM_RESULT_MISSING",
  "OUTBOX_LOCKED",
  "PACKAGE_UPDATED",
]);

describe("The hint of an error of the setup", () => {
  it("has its fields listed here, or has none", () => {
    const missing = Object.entries(ERROR_TABLE)
      .filter(
        ([code, row]) => row.class === "setup" && FIELDS[code] === undefined && !WITHOUT_FIELD.has(code),
      )
      .map(([code]) => code);
    assert.deepEqual(missing, []);
    const unknown = Object.keys(FIELDS).filter((name) => !(name in ERROR_TABLE) && !(name in SPECIAL_HINTS));
    assert.deepEqual(unknown, []);
  });

  for (const language of [ENGLISH, ...TRANSLATIONS]) {
    it(`names its fields and tabs as the dialog does in ${language}`, async () => {
      const read = (name: string): object => readJson(`nodes/locales/${language}/quectel-${name}.json`);
      const labels = new Map(["modem", "smtp-send"].flatMap((name) => textsOf(read(name), `${name}.`)));
      const { hints } = await runtimeTexts(language);
      for (const [name, fields] of Object.entries(FIELDS)) {
        for (const field of fields) {
          const label = labels.get(field);
          assert.ok(label, field);
          assert.ok(hints[name]?.includes(label), `${name} does not name ${label}: ${hints[name]}`);
        }
      }
    });
  }
});
