import assert from "node:assert/strict";
import { isModemError } from "../../../lib/errors";
import { fieldName } from "../../../nodes/runtime/settings/field-names";
import { readModemSettings } from "../../../nodes/runtime/settings/modem-settings";

const SERIAL = {
  serialPort: "/dev/serial/by-id/usb-modem-if02",
  smtpHost: "mail.example.com",
  smtpPort: 465,
  senderAddress: "pump7@example.com",
};

describe("The settings of a modem node", () => {
  it("need only a port, a server and a sender; the rest has the documented defaults", () => {
    assert.deepEqual(readModemSettings(SERIAL, {}), {
      connection: {
        kind: "serial",
        path: "/dev/serial/by-id/usb-modem-if02",
        baudRate: 115200,
        flowControl: "none",
        dtr: "leave",
        rts: "leave",
      },
      network: {
        contextId: 1,
        apn: "",
        apnAuth: "none",
        apnUser: "",
        apnPassword: "",
        ipType: "ipv4",
        simPin: "",
        shared: false,
        idleMinutes: 30,
        allowReset: true,
      },
      mailer: "module",
      smtp: {
        host: "mail.example.com",
        port: 465,
        security: "tls",
        user: "",
        password: "",
        senderName: "",
        senderAddress: "pump7@example.com",
        tls: { verify: true, root: { from: "auto" }, contextId: 1 },
        encoding: "auto",
        sendTimeout: 300,
      },
      text: { allowFrom: false, charset: "auto", bccMode: "private", lateNote: 10 },
      queue: { maxAge: 1440, maxQueued: 1000, maxSpoolMB: 100, keepFailedDays: 7, ratePerHour: 0 },
    });
  });

  it("name the first property that is missing", () => {
    for (const name of ["serialPort", "smtpHost", "smtpPort", "senderAddress"]) {
      assert.throws(
        () => readModemSettings({ ...SERIAL, [name]: "" }, {}),
        (error) => isModemError(error, "INVALID_CONFIG") && error.message.includes(fieldName(name)),
      );
    }
  });

  it("take a sender that is one bare address, and nothing that could end it on the wire", () => {
    const sender = (senderAddress: string): string =>
      readModemSettings({ ...SERIAL, senderAddress }, {}).smtp.senderAddress;
    assert.equal(sender(" pump7@Bücher.example "), "pump7@xn--bcher-kva.example");
    for (const senderAddress of [
      "a@b.c> SIZE=1",
      "a@b.c\r\nRCPT TO:<x@y.z>",
      "a@b.c, d@e.f",
      "Plant <a@b.c>",
      '"a b"@b.c',
      "pump7",
      `${"a".repeat(65)}@b.c`,
    ]) {
      assert.throws(
        () => sender(senderAddress),
        (error) =>
          isModemError(error, "INVALID_CONFIG") && error.message.includes(fieldName("senderAddress")),
        senderAddress,
      );
    }
  });

  it("ask for nothing that another transport needs", () => {
    const { serialPort: _, ...rest } = SERIAL;
    assert.deepEqual(readModemSettings({ ...rest, transport: "simulator" }, {}).connection, {
      kind: "simulator",
    });
    const tcp = { ...rest, transport: "tcp", tcpHost: "gateway.example.com", tcpPort: "2217" };
    assert.deepEqual(readModemSettings(tcp, {}).connection, {
      kind: "tcp",
      host: "gateway.example.com",
      port: 2217,
    });
  });

  it("keep the APN's login only while its kind of login is chosen", () => {
    const login = { apnUser: "web", apnPassword: "secret" };
    assert.equal(readModemSettings(SERIAL, login).network.apnPassword, "");
    assert.equal(readModemSettings({ ...SERIAL, apnAuth: "chap" }, login).network.apnPassword, "secret");
  });

  it("refuse a SIM PIN that no card can have, because a wrong try costs one of three, without repeating it", () => {
    for (const simPin of ["123", "123456789", "12a4"]) {
      assert.throws(
        () => readModemSettings(SERIAL, { simPin }),
        (error) => isModemError(error, "INVALID_CONFIG") && !error.message.includes(simPin),
      );
    }
  });

  it("tell a certificate by its name from one by its text", () => {
    const root = (more: object) => readModemSettings({ ...SERIAL, ...more }, {}).smtp.tls.root;
    assert.deepEqual(root({ tlsRoot: "Example Root CA" }), { from: "name", name: "Example Root CA" });
    const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
    assert.deepEqual(root({ tlsRoot: "pem", tlsCa: pem }), { from: "pem", pem });
    assert.throws(() => root({ tlsRoot: "pem", tlsCa: "" }), /"Certificate text"/);
  });

  it("refuse to drive RTS by hand while it paces the line", () => {
    assert.throws(
      () => readModemSettings({ ...SERIAL, flowControl: "rtscts", rts: "on" }, {}),
      /"RTS when opened"/,
    );
  });

  it("log in with no name and no password where no login is chosen", () => {
    const credentials = { smtpUser: "left over", smtpPassword: "left over" };
    const { smtp } = readModemSettings({ ...SERIAL, login: "none" }, credentials);
    assert.deepEqual([smtp.user, smtp.password, smtp.tokens], ["", "", undefined]);
  });

  describe("with a login by token", () => {
    const USER = { smtpUser: "pump7@example.com" };
    const SECRET = { ...USER, clientSecret: "canary-secret" };
    const KEY = JSON.stringify({
      client_email: "robot@plant.example.com",
      private_key: "-----BEGIN PRIVATE KEY-----\ncanary-key\n-----END PRIVATE KEY-----\n",
      token_uri: "https://elsewhere.example.com/token",
    });
    const BY_TOKEN = { ...SERIAL, mailer: "socket" };
    const MICROSOFT = { ...BY_TOKEN, login: "microsoft", tenant: "example.com", clientId: "app" };
    const OTHER = { ...BY_TOKEN, login: "oauth2", tokenUrl: "https://id.example.com/token", clientId: "app" };

    it("take what each login needs, and no password", () => {
      const tokens = (raw: object, credentials: object) => {
        const { smtp } = readModemSettings({ ...raw }, { ...credentials, smtpPassword: "left over" });
        assert.equal(smtp.password, "");
        return smtp.tokens;
      };
      const client = { clientId: "app", clientSecret: "canary-secret" };
      assert.deepEqual(tokens(MICROSOFT, SECRET), { kind: "microsoft", tenant: "example.com", ...client });
      assert.deepEqual(tokens({ ...OTHER, scope: "mail" }, SECRET), {
        kind: "oauth2",
        tokenUrl: "https://id.example.com/token",
        scope: "mail",
        ...client,
      });
      assert.deepEqual(tokens({ ...BY_TOKEN, login: "google" }, { ...USER, serviceAccount: KEY }), {
        kind: "google",
        email: "robot@plant.example.com",
        privateKey: "-----BEGIN PRIVATE KEY-----\ncanary-key\n-----END PRIVATE KEY-----\n",
      });
      assert.equal(tokens({ ...MICROSOFT, mailer: "auto" }, SECRET)?.kind, "microsoft");
    });

    it("name what cannot be used, and never repeat a secret", () => {
      for (const [raw, credentials, property] of [
        [{ ...MICROSOFT, mailer: "module" }, SECRET, "login"],
        [{ ...MICROSOFT, smtpSecurity: "none" }, SECRET, "smtpSecurity"],
        [MICROSOFT, { clientSecret: "canary-secret" }, "smtpUser"],
        [MICROSOFT, USER, "clientSecret"],
        [{ ...MICROSOFT, clientId: "" }, SECRET, "clientId"],
        [{ ...MICROSOFT, tenant: "" }, SECRET, "tenant"],
        [{ ...MICROSOFT, tenant: "a/../b" }, SECRET, "tenant"],
        [{ ...OTHER, tokenUrl: "http://id.example.com/token" }, SECRET, "tokenUrl"],
        [{ ...OTHER, tokenUrl: "https://user:word@id.example.com/" }, SECRET, "tokenUrl"],
        [{ ...OTHER, tokenUrl: "id.example.com" }, SECRET, "tokenUrl"],
        ...["", "canary-key", "[]", "null", '{"client_email":"a@b.c"}', '{"private_key":"canary-key"}'].map(
          (serviceAccount) =>
            [{ ...BY_TOKEN, login: "google" }, { ...USER, serviceAccount }, "serviceAccount"] as const,
        ),
      ] as const) {
        assert.throws(
          () => readModemSettings(raw, credentials),
          (error) =>
            isModemError(error, "INVALID_CONFIG") &&
            error.message.includes(fieldName(property)) &&
            !/canary/.test(`${error.message} ${String(error.cause)}`),
          property,
        );
      }
    });
  });
});
