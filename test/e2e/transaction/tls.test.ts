import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { cell, setModuleTime, storageSizes } from "../../../lib/simulator";
import { storageOf } from "../../../lib/simulator/module/file-store";
import { certificate } from "../../support/certificates";
import { mail, mailRig, PLAIN, type MailRig, type MailRigOptions } from "./mail-rig";

const CA = { name: "Test CA", pem: certificate("ca").cert };
const OTHER_CA = { name: "Other CA", pem: certificate("other-ca").cert };
const CA_FILE = `ca-${createHash("sha256").update(CA.pem).digest("hex").slice(0, 16)}.pem`;

const KINDS = { tls: "implicit", starttls: "starttls" } as const;

/** A rig that sends over TLS. */
function secureRig(security: "tls" | "starttls", options: MailRigOptions = {}): Promise<MailRig> {
  return mailRig({
    ...options,
    server: { tls: KINDS[security], auth: { user: PLAIN.user, password: PLAIN.password }, ...options.server },
    smtp: { security, ...options.smtp },
  });
}

function unverified(settings: SmtpSettings["tls"] = PLAIN.tls): Partial<SmtpSettings> {
  return { tls: { ...settings, verify: false } };
}

for (const security of ["tls", "starttls"] as const) {
  describe(`a mail by ${security}`, () => {
    it("is verified with the CA and logs in", async () => {
      const rig = await secureRig(security);
      const report = await rig.send(mail());
      const received = await rig.server.waitForMail();
      assert.equal(received.secure, true);
      assert.equal(received.user, PLAIN.user);
      assert.equal(received.serverName, "mail.example.com");
      assert.deepEqual(report.warnings, []);
      assert.deepEqual(
        rig.lines().filter((line) => line.startsWith("AT+QSSLCFG")),
        [
          'AT+QSSLCFG="sslversion",1,4',
          'AT+QSSLCFG="ciphersuite",1,0xFFFF',
          `AT+QSSLCFG="cacert",1,"${CA_FILE}"`,
          'AT+QSSLCFG="seclevel",1,1',
          'AT+QSSLCFG="ignorelocaltime",1,0',
          'AT+QSSLCFG="negotiatetime",1,300',
          'AT+QSSLCFG="sni",1,1',
        ],
      );
      await rig.stop();
    });

    it("takes five command lines when it is the second one", async () => {
      const rig = await secureRig(security);
      await rig.send(mail());
      const before = rig.lines().length;
      await rig.send(mail());
      assert.equal(rig.lines().length - before, 5, rig.lines().slice(before).join("\n"));
      await rig.stop();
    });

    it("fails with a certificate of another authority, and is not delivered", async () => {
      const rig = await secureRig(security, { roots: () => Promise.resolve([OTHER_CA]) });
      await assert.rejects(rig.send(mail()), { code: "SMTP_TLS_FAILED", class: "setup", stage: "send" });
      assert.equal(rig.server.received.length, 0);
      await rig.stop();
    });

    it("goes out unverified where a person has switched the check off", async () => {
      const rig = await secureRig(security, {
        smtp: unverified(),
        roots: () => Promise.reject(new Error("not to be asked")),
      });
      await rig.send(mail());
      assert.equal((await rig.server.waitForMail()).secure, true);
      assert.ok(rig.lines().includes('AT+QSSLCFG="seclevel",1,0'));
      assert.ok(!rig.lines().some((line) => line.includes("cacert")));
      await rig.stop();
    });
  });
}

describe("the root certificate in the module", () => {
  it("is tried in turn, and the one that fits is kept", async () => {
    const rig = await secureRig("tls", { roots: () => Promise.resolve([OTHER_CA, CA]) });
    await rig.send(mail());
    await rig.send(mail());
    assert.equal(rig.server.received.length, 2);
    assert.equal(rig.lines().filter((line) => line.startsWith("AT+QSMTPPUT")).length, 3);
    await rig.stop();
  });

  it("is uploaded once and found again after a restart of module and host", async () => {
    const store = memoryStore();
    const rig = await secureRig("tls", { store });
    await rig.send(mail());
    rig.module.restart("restart");
    await rig.clock.run(() => rig.modem.epoch === 2 && rig.mailer.available);
    await rig.send(mail());
    assert.equal(rig.lines().filter((line) => line.startsWith("AT+QFUPL")).length, 1);
    assert.deepEqual(rig.files(), [`UFS:${CA_FILE}`]);
    await rig.stop();
  });

  it("is uploaded again when what lies there has another size", async () => {
    const rig = await secureRig("tls");
    storageOf(rig.module, "UFS").create(CA_FILE, 0).content = Buffer.from("cut off");
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
    await rig.stop();
  });

  it("is uploaded again within the mail when another program has deleted it meanwhile", async () => {
    const rig = await secureRig("tls");
    await rig.send(mail());
    storageOf(rig.module, "UFS").delete(CA_FILE);
    await rig.send(mail());
    assert.equal(rig.server.received.length, 2);
    assert.deepEqual(rig.files(), [`UFS:${CA_FILE}`]);
    await rig.stop();
  });

  it("is uploaded anew for the next mail when no handshake succeeds, as its bytes may have suffered", async () => {
    const rig = await secureRig("tls");
    await rig.send(mail());
    storageOf(rig.module, "UFS").create(CA_FILE, 0).content = Buffer.alloc(CA.pem.length, "x");
    // Where mails went out before, it is no fault of a setting yet.
    await assert.rejects(rig.send(mail()), { code: "SMTP_TLS_FAILED", class: "transient" });
    await rig.send(mail());
    assert.equal(rig.server.received.length, 2);
    await rig.stop();
  });

  it("is uploaded after what an earlier upload has left under its name was deleted", async () => {
    const store = memoryStore();
    await store.write("roots", JSON.stringify([CA_FILE]));
    const rig = await secureRig("tls", { store });
    storageOf(rig.module, "UFS").create(CA_FILE, 0).content = Buffer.alloc(CA.pem.length, "x");
    await rig.send(mail());
    assert.deepEqual(
      rig.lines().filter((line) => /^AT\+QF(UPL|DEL)/.test(line)),
      [`AT+QFDEL="${CA_FILE}"`, `AT+QFUPL="${CA_FILE}",${CA.pem.length},31`],
    );
    await rig.stop();
  });

  it("takes the room of certificates of former settings when flash is full", async () => {
    const store = memoryStore();
    const rig = await secureRig("tls", { store });
    const { length } = CA.pem;
    rig.module.state(storageSizes).UFS = length + 100;
    storageOf(rig.module, "UFS").create("ca-0123456789abcdef.pem", 0).content = Buffer.alloc(200);
    await store.write("roots", '["ca-0123456789abcdef.pem"]');
    await rig.send(mail());
    assert.deepEqual(rig.files(), [`UFS:${CA_FILE}`]);
    await rig.stop();
  });

  it("is missed with advice when flash is full of other things", async () => {
    const rig = await secureRig("tls");
    rig.module.state(storageSizes).UFS = 100;
    await assert.rejects(rig.send(mail()), {
      code: "FILE_DRIVE_FULL",
      class: "setup",
      message: /Test CA/,
      hint: /QFDEL/,
    });
    await rig.stop();
  });

  it("is asked for with advice when none is known", async () => {
    const rig = await secureRig("tls", { roots: () => Promise.resolve([]) });
    await assert.rejects(rig.send(mail()), {
      code: "INVALID_CONFIG",
      class: "setup",
      message: /mail\.example\.com/,
      hint: /PEM/,
    });
    assert.equal(rig.server.connections, 0);
    await rig.stop();
  });
});

describe("the check of certificates", () => {
  it("sets the module's clock first when it is wrong", async () => {
    const rig = await secureRig("tls");
    setModuleTime(rig.module, Date.UTC(1980, 0, 6), 0);
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
    await rig.stop();
  });

  it("fails with advice when nobody knows the time", async () => {
    const rig = await secureRig("tls");
    setModuleTime(rig.module, Date.UTC(1980, 0, 6), 0);
    rig.module.state(cell).sendsTime = false;
    rig.clock.jumpWall(Date.UTC(1990, 0, 1) - rig.clock.wall());
    await assert.rejects(rig.send(mail()), { code: "NETWORK_CLOCK", stage: "network" });
    await rig.stop();
  });

  it("leaves the clock alone where nothing is checked", async () => {
    const rig = await secureRig("tls", { smtp: unverified() });
    await rig.send(mail());
    assert.ok(!rig.lines().some((line) => line.startsWith("AT+CCLK")));
    await rig.stop();
  });

  it("works without SNI on old firmware, and warns once asked for", async () => {
    const rig = await secureRig("tls", { module: { variants: { "key-sni": "absent" } } });
    const report = await rig.send(mail());
    assert.equal(report.warnings.length, 1);
    assert.match(report.warnings[0] ?? "", /SNI/);
    const before = rig.lines().length;
    const second = await rig.send(mail());
    assert.deepEqual(second.warnings, report.warnings);
    assert.equal(rig.lines().length - before, 5);
    await rig.stop();
  });
});
