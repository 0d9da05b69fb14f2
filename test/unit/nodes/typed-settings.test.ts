/** What was typed in the modem's dialog, and what is taken of the stored credentials. */
import assert from "node:assert/strict";
import { PropertyError } from "../../../nodes/runtime/settings/options";
import type { TestKind } from "../../../nodes/runtime/connection-test/request";
import { typedSettings, type DeployedModem } from "../../../nodes/runtime/connection-test/typed-settings";

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
const VARIABLES: Record<string, unknown> = {
  HOST: "mail.example.com",
  WORD: "word-of-the-environment",
  PORT: 465,
};
const environment = (name: string): unknown => VARIABLES[name];

const DEPLOYED: DeployedModem = {
  properties: PROPERTIES,
  credentials: { simPin: "4711", smtpUser: "pump7", smtpPassword: "stored-word" },
  environment,
};
interface Typed {
  readonly change?: object;
  readonly credentials?: object;
  readonly deployed?: DeployedModem;
  readonly kind?: TestKind;
}

const settings = ({ change = {}, credentials = {}, deployed = DEPLOYED, kind = "mail" }: Typed = {}) =>
  typedSettings({ kind, properties: { ...PROPERTIES, ...change }, credentials }, deployed, environment);

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

  const BY_TOKEN = { mailer: "socket", login: "microsoft", tenant: "example.com", clientId: "app" };
  for (const [what, change] of Object.entries({
    "the mail server": { smtpHost: "mail.example.net" },
    "the check of its certificate": { tlsVerify: false },
    "the directory": { tenant: "example.net" },
    "the kind of the login": { login: "oauth2", tokenUrl: "https://id.example.com/token" },
  })) {
    it(`takes no stored client secret when ${what} has changed, but a typed one`, () => {
      const deployed = {
        properties: { ...PROPERTIES, ...BY_TOKEN },
        credentials: { smtpUser: "pump7", clientSecret: "stored-word" },
        environment,
      };
      assert.equal(settings({ change: BY_TOKEN, deployed }).smtp.tokens?.kind, "microsoft");
      const typed = { change: { ...BY_TOKEN, ...change }, deployed, credentials: { smtpUser: "pump7" } };
      assert.equal(refusal(typed), "INVALID_CREDENTIAL clientSecret");
      const { smtp } = settings({ ...typed, credentials: { smtpUser: "pump7", clientSecret: "typed" } });
      assert.ok(smtp.tokens !== undefined && "clientSecret" in smtp.tokens);
      assert.equal(smtp.tokens.clientSecret, "typed");
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
    const typed = { change, deployed: { properties: {}, credentials: {}, environment } };
    assert.equal(settings({ ...typed, kind: "diagnosis" }).smtp.host, "");
    assert.equal(refusal({ ...typed, kind: "mail" }), "INVALID_CONFIG smtpHost");
  });

  it("takes no stored password to what a variable of the same name means in another flow", () => {
    const deployed = {
      ...DEPLOYED,
      properties: { ...PROPERTIES, smtpHost: "${HOST}" },
      environment: (name: string) => (name === "HOST" ? "mail.example.net" : undefined),
    };
    const typed = { change: { smtpHost: "${HOST}" }, deployed };
    assert.equal(
      refusal({ ...typed, credentials: { simPin: "", smtpUser: "pump7" } }),
      "INVALID_CREDENTIAL smtpPassword",
    );
  });

  it("takes a stored variable as the deployed modem knows it, whichever flow is asked", () => {
    const deployed = {
      properties: PROPERTIES,
      credentials: { smtpPassword: "${WORD}" },
      environment: (name: string) => (name === "WORD" ? "word-of-its-flow" : undefined),
    };
    assert.equal(settings({ deployed }).smtp.password, "word-of-its-flow");
  });

  it("takes nothing stored of the template of a subflow, whose instances have values of their own", () => {
    const deployed = { ...DEPLOYED, environment: undefined };
    assert.equal(refusal({ deployed }), "INVALID_CREDENTIAL simPin");
  });

  it("takes a server written with letters that only look alike for another one", () => {
    const deployed = { ...DEPLOYED, properties: { ...PROPERTIES, smtpHost: "mark.example.com" } };
    const typed = { deployed, credentials: { smtpUser: "pump7" } };
    const refused = "INVALID_CREDENTIAL smtpPassword";
    assert.equal(refusal({ ...typed, change: { smtpHost: "mar\u212a.example.com" } }), refused);
    assert.equal(refusal({ ...typed, change: { smtpHost: "mark.example.com." } }), refused);
    assert.equal(
      settings({ ...typed, change: { smtpHost: "MARK.example.com" } }).smtp.password,
      "stored-word",
    );
  });

  it("takes no stored login to another access point", () => {
    const deployed = {
      ...DEPLOYED,
      properties: { ...PROPERTIES, apn: "plant.example", apnAuth: "pap" },
      credentials: { apnUser: "sim", apnPassword: "stored-word" },
    };
    const typed = (apn: string): Typed => ({
      deployed,
      change: { apn, apnAuth: "pap" },
      credentials: { apnUser: "sim" },
    });
    assert.equal(refusal(typed("other.example")), "INVALID_CREDENTIAL apnPassword");
    assert.equal(settings(typed("Plant.example")).network.apnPassword, "stored-word");
  });

  it("never tells what a variable holds, also not where it cannot be used", () => {
    for (const name of ["smtpPort", "smtpSecurity", "tlsVerify", "tcpPort", "transport", "idleMinutes"]) {
      assert.throws(
        () =>
          settings({
            change: { [name]: "${WORD}" },
            credentials: { simPin: "", smtpUser: "", smtpPassword: "" },
          }),
        (error) =>
          error instanceof PropertyError &&
          error.property === name &&
          error.message.includes("${WORD}") &&
          !error.message.includes("word-of-the-environment"),
      );
    }
  });
});
