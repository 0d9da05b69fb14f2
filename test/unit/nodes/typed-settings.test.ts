/** What was typed in the modem's dialog, and what is taken of the stored credentials. */
import assert from "node:assert/strict";
import { PropertyError } from "../../../nodes/runtime/options";
import type { TrialKind } from "../../../nodes/runtime/trial/request";
import { typedSettings, type DeployedModem } from "../../../nodes/runtime/trial/typed-settings";

const PROPERTIES = {
  version: 1,
  transport: "tcp",
  tcpHost: "gateway.example.com",
  tcpPort: "2217",
  smtpHost: "mail.example.com",
  smtpPort: "465",
  smtpSecurity: "tls",
  tlsVerify: true,
  tlsRoot: "auto",
  senderAddress: "pump7@example.com",
};
const DEPLOYED: DeployedModem = {
  properties: PROPERTIES,
  credentials: { simPin: "4711", smtpUser: "pump7", smtpPassword: "stored-word" },
};
const VARIABLES: Record<string, unknown> = {
  HOST: "mail.example.com",
  WORD: "word-of-the-environment",
  PORT: 465,
};

interface Typed {
  readonly change?: object;
  readonly credentials?: object;
  readonly deployed?: DeployedModem;
  readonly kind?: TrialKind;
}

const settings = ({ change = {}, credentials = {}, deployed = DEPLOYED, kind = "mail" }: Typed = {}) =>
  typedSettings(
    { kind, properties: { ...PROPERTIES, ...change }, credentials },
    deployed,
    (name) => VARIABLES[name],
  );

const refusal = (typed: Typed): string => {
  try {
    settings(typed);
  } catch (error) {
    assert(error instanceof PropertyError);
    assert.doesNotMatch(error.message, /stored-word|4711/);
    return `${error.code} ${error.property}`;
  }
  return "taken";
};

describe("What was typed in the modem's dialog", () => {
  it("is taken together with the credentials that were left untouched", () => {
    const { smtp, network } = settings();
    assert.deepEqual([smtp.user, smtp.password, network.simPin], ["pump7", "stored-word", "4711"]);
  });

  it("goes before what is stored, also when it was emptied", () => {
    const { smtp } = settings({ credentials: { smtpUser: "", smtpPassword: "typed-word" } });
    assert.deepEqual([smtp.user, smtp.password], ["", "typed-word"]);
  });

  for (const [what, change] of Object.entries({
    "the server": { smtpHost: "mail.example.net" },
    "its port": { smtpPort: "587" },
    "the encryption": { smtpSecurity: "starttls" },
    "the check of the certificate": { tlsVerify: false },
    "the root certificate": { tlsRoot: "ISRG Root X1" },
  })) {
    it(`takes no stored password to a server when ${what} has changed, but a typed one`, () => {
      assert.equal(
        refusal({ change, credentials: { smtpUser: "pump7" } }),
        "INVALID_CREDENTIAL smtpPassword",
      );
      const { smtp, network } = settings({
        change,
        credentials: { smtpUser: "pump7", smtpPassword: "typed" },
      });
      assert.equal(smtp.password, "typed");
      // The PIN goes only to the module, over the connection that is still the same.
      assert.equal(network.simPin, "4711");
    });
  }

  for (const [what, change] of Object.entries({
    "the host of the connection": { tcpHost: "other.example.com" },
    "the port of the connection": { tcpPort: "2218" },
    "the kind of the connection": { transport: "simulator" },
  })) {
    it(`takes nothing stored when ${what} has changed`, () => {
      assert.equal(refusal({ change }), "INVALID_CREDENTIAL simPin");
      const typed = { simPin: "", smtpUser: "pump7" };
      assert.equal(refusal({ change, credentials: typed }), "INVALID_CREDENTIAL smtpPassword");
    });
  }

  it("takes the stored password where only the form of a value or another setting has changed", () => {
    const change = { smtpHost: "${HOST}", smtpPort: "${PORT}", tlsVerify: "true", apn: "internet" };
    assert.equal(settings({ change }).smtp.password, "stored-word");
  });

  it("replaces a variable in the runtime, also in a credential", () => {
    const { smtp } = settings({ change: { smtpHost: "${HOST}" }, credentials: { smtpPassword: "${WORD}" } });
    assert.deepEqual([smtp.host, smtp.password], ["mail.example.com", "word-of-the-environment"]);
  });

  it("names the field whose variable is not set", () => {
    assert.equal(refusal({ change: { apn: "${APN}" } }), "INVALID_CONFIG apn");
  });

  it("can be tried without a mail server, but not for a mail", () => {
    const change = { smtpHost: "", smtpPort: "", senderAddress: "" };
    const typed = { change, deployed: { properties: {}, credentials: {} } };
    assert.equal(settings({ ...typed, kind: "diagnosis" }).smtp.host, "");
    assert.equal(refusal({ ...typed, kind: "mail" }), "INVALID_CONFIG smtpHost");
  });
});
