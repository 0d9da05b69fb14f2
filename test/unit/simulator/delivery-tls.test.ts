import assert from "node:assert/strict";
import type { Delivery } from "../../../lib/simulator/delivery/smtp-delivery";
import { deliver } from "../../../lib/simulator/delivery/smtp-delivery";
import { certificate } from "../../support/certificates";
import { MailServer, type MailServerOptions, type ReceivedMail } from "../../support/mail-server";
import { ScriptedSmtp, wellBehavedBut } from "../../support/scripted-smtp";
import { allowSilence } from "../../support/silence";
import { VirtualClock } from "../../support/virtual-clock";
import { checkedBy, delivery, realTime, uncheckedTls } from "./delivery-setup";

const hosts = { "mail.example.com": "127.0.0.1" };
const sent = { err: 0, protocolError: 0 };
const refused = { err: 665, protocolError: 0 };
const now = Date.UTC(2026, 5, 1);

describe("TLS of the simulated module", () => {
  let server: MailServer | ScriptedSmtp | undefined;
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  /** Delivers to a server for mail.example.com; implicit TLS unless told otherwise. */
  async function attempt(
    serverOptions: MailServerOptions,
    more: Partial<Delivery>,
  ): Promise<{ outcome: unknown; mail: ReceivedMail | undefined }> {
    const receiver = await MailServer.start({ tls: "implicit", ...serverOptions });
    server = receiver;
    const named = delivery(receiver.port, { host: "mail.example.com", security: "tls", ...more });
    const outcome = await deliver(named, { hosts }, realTime());
    return { outcome, mail: receiver.received[0] };
  }

  for (const [security, tls] of [
    ["tls", "implicit"],
    ["starttls", "starttls"],
  ] as const) {
    it(`delivers by ${security} to a server whose certificate leads to the uploaded authority`, async () => {
      const { outcome, mail } = await attempt({ tls }, { security, tls: checkedBy("ca", { time: now }) });
      assert.deepEqual(outcome, sent);
      assert.equal(mail?.secure, true);
    });

    it(`reports 665 by ${security} when the authority is another one, and sends nothing`, async () => {
      const { outcome, mail } = await attempt({ tls }, { security, tls: checkedBy("other-ca") });
      assert.deepEqual(outcome, refused);
      assert.equal(mail, undefined);
    });
  }

  it("accepts any certificate without a check", async () => {
    assert.deepEqual((await attempt({ certificate: certificate("other-ca") }, {})).outcome, sent);
  });

  it("reports 665 when it has to check and has no authority", async () => {
    assert.deepEqual((await attempt({}, { tls: { ...uncheckedTls, verify: true } })).outcome, refused);
  });

  it("reports 665 when the CA file is no certificate", async () => {
    const tls = { ...checkedBy("ca"), authorities: [Buffer.from("not a certificate")] };
    assert.deepEqual((await attempt({}, { tls })).outcome, refused);
  });

  it("finds the authority among several of one file", async () => {
    const both = Buffer.from(certificate("other-ca").cert + certificate("ca").cert);
    assert.deepEqual((await attempt({}, { tls: { ...checkedBy("ca"), authorities: [both] } })).outcome, sent);
  });

  describe("a chain with an intermediate authority", () => {
    const { key, cert } = certificate("chained");

    it("is followed to the root when the server sends the intermediate", async () => {
      const chain = { key, cert: cert + certificate("intermediate").cert };
      assert.deepEqual((await attempt({ certificate: chain }, { tls: checkedBy("ca") })).outcome, sent);
    });

    it("gives 665 when the server leaves the intermediate out", async () => {
      assert.deepEqual(
        (await attempt({ certificate: { key, cert } }, { tls: checkedBy("ca") })).outcome,
        refused,
      );
    });

    it("is trusted from the intermediate on when that is what was uploaded", async () => {
      assert.deepEqual(
        (await attempt({ certificate: { key, cert } }, { tls: checkedBy("intermediate") })).outcome,
        sent,
      );
    });
  });

  describe("dates are judged by the clock of the module", () => {
    for (const [when, time] of [
      ["before the certificates begin, as with a clock never set", Date.UTC(2008, 0, 4)],
      ["after they have expired", Date.UTC(2100, 0, 2)],
    ] as const) {
      it(`which gives 665 ${when}`, async () => {
        assert.deepEqual((await attempt({}, { tls: checkedBy("ca", { time }) })).outcome, refused);
      });
    }

    it("unless they are ignored", async () => {
      assert.deepEqual((await attempt({}, { tls: checkedBy("ca", { time: undefined }) })).outcome, sent);
    });
  });

  describe("the name of the server", () => {
    const other = certificate("other-name");

    it("is compared with the certificate when the firmware does so", async () => {
      const tls = checkedBy("ca", { checkName: true });
      assert.deepEqual((await attempt({ certificate: other }, { tls })).outcome, refused);
      await server?.stop();
      assert.deepEqual((await attempt({}, { tls })).outcome, sent);
    });

    it("is not looked at otherwise", async () => {
      assert.deepEqual((await attempt({ certificate: other }, { tls: checkedBy("ca") })).outcome, sent);
    });

    it("is compared as an address when the server was configured by address", async () => {
      const tls = checkedBy("ca", { checkName: true });
      assert.deepEqual((await attempt({}, { tls, host: "127.0.0.1" })).outcome, sent);
    });

    it("goes out by SNI only when switched on, and then the hosted server shows the right certificate", async () => {
      const hosted = {
        certificate: certificate("other-ca"),
        namedCertificates: { "mail.example.com": certificate("server") },
      };
      assert.deepEqual((await attempt(hosted, { tls: checkedBy("ca") })).outcome, refused);
      await server?.stop();
      const { outcome, mail } = await attempt(hosted, { tls: checkedBy("ca", { sni: true }) });
      assert.deepEqual(outcome, sent);
      assert.equal(mail?.serverName, "mail.example.com");
    });
  });

  describe("a server that wants to see a certificate", () => {
    const strict = { clientAuthority: certificate("ca").cert };
    const shown = (name: "client" | "other-ca"): { cert: Buffer; key: Buffer } => ({
      cert: Buffer.from(certificate(name).cert),
      key: Buffer.from(certificate(name).key),
    });

    it("is shown the one of the module", async () => {
      assert.deepEqual(
        (await attempt(strict, { tls: checkedBy("ca", { client: shown("client") }) })).outcome,
        sent,
      );
    });

    it("turns a module without one away", async () => {
      const { outcome, mail } = await attempt(strict, { tls: checkedBy("ca") });
      assert.notDeepEqual(outcome, sent);
      assert.equal(mail, undefined);
    });
  });

  describe("versions and cipher suites", () => {
    for (const version of [3, 4]) {
      it(`reach a server of today with sslversion ${version}`, async () => {
        assert.deepEqual((await attempt({}, { tls: { ...uncheckedTls, version } })).outcome, sent);
      });
    }

    for (const version of [0, 1, 2]) {
      it(`fail with 665 at a server of today with sslversion ${version}`, async () => {
        assert.deepEqual((await attempt({}, { tls: { ...uncheckedTls, version } })).outcome, refused);
      });
    }

    for (const [id, outcome] of [
      [0xc030, sent],
      [0xc02f, sent],
      [0x0035, sent],
      [0x0004, refused],
      [0xc024, refused],
    ] as const) {
      it(`give ${outcome.err} for the cipher suite ${id.toString(16)}`, async () => {
        assert.deepEqual((await attempt({}, { tls: { ...uncheckedTls, cipherSuite: id } })).outcome, outcome);
      });
    }
  });

  describe("the wrong kind of connection for the port", () => {
    it("gives 665 when TLS meets a plain server", async () => {
      assert.deepEqual((await attempt({ tls: "none" }, {})).outcome, refused);
    });

    it("gives 672,502 or the like when STARTTLS is not known to the server", async () => {
      server = await ScriptedSmtp.start(wellBehavedBut({ STARTTLS: "502 not here" }));
      const outcome = await deliver(delivery(server.port, { security: "starttls" }), {}, realTime());
      assert.deepEqual(outcome, { err: 672, protocolError: 502 });
    });

    it("gives 658 when a plain module waits for the greeting of a TLS server", async () => {
      const receiver = await MailServer.start({ tls: "implicit" });
      server = receiver;
      const clock = new VirtualClock();
      const environment = { ...realTime(), clock, busy: allowSilence(clock, 500) };
      assert.deepEqual(await clock.until(deliver(delivery(receiver.port), {}, environment)), {
        err: 658,
        protocolError: 0,
      });
    });

    it("gives 656 when the server hangs up instead of a handshake", async () => {
      server = await ScriptedSmtp.start(() => "(close)");
      const outcome = await deliver(delivery(server.port, { security: "tls" }), {}, realTime());
      assert.deepEqual(outcome, { err: 656, protocolError: 0 });
    });

    it("gives 658 when the server says nothing to a handshake for as long as the SSL context allows", async () => {
      server = await ScriptedSmtp.start(() => "(silence)");
      const clock = new VirtualClock();
      const environment = { ...realTime(), clock, busy: allowSilence(clock) };
      const tls = { ...uncheckedTls, handshakeMs: 45_000 };
      const silent = deliver(delivery(server.port, { security: "tls", tls }), {}, environment);
      assert.deepEqual(await clock.until(silent), { err: 658, protocolError: 0 });
      assert.equal(clock.now(), 45_000);
    });
  });
});
