import assert from "node:assert/strict";
import { internet, setModuleTime, type VariantChoice } from "../../../lib/simulator";
import { certificate } from "../../support/certificates";
import { MailServer, type MailServerOptions } from "../../support/mail-server";
import { allowSilence } from "../../support/silence";
import { VirtualClock } from "../../support/virtual-clock";
import { Dialogue, type DialogueOptions } from "./dialogue";

describe("QSMTPPUT of the simulated module", () => {
  let server: MailServer;
  afterEach(() => server.stop());

  /** A module ready to send one mail to a server on loopback. */
  async function ready(
    options: DialogueOptions = {},
    serverOptions: MailServerOptions = {},
  ): Promise<Dialogue> {
    server = await MailServer.start(serverOptions);
    const host = new Dialogue(options);
    host.modem.state(internet).hosts = { "mail.example.com": "127.0.0.1" };
    await host.configure(
      "AT+CMEE=1",
      'AT+QICSGP=1,1,"internet"',
      "AT+QIACT=1",
      `AT+QSMTPCFG="smtpserver","mail.example.com",${server.port}`,
      'AT+QSMTPCFG="account","pump7","secret"',
      'AT+QSMTPCFG="sender","Pump 7","pump7@example.com"',
      'AT+QSMTPDST=1,1,"duty@example.com"',
      'AT+QSMTPSUB=0,"Pump 7 alarm"',
    );
    await host.commandWithData("AT+QSMTPBODY=0,15", "Level too high.");
    return host;
  }

  const put = async (host: Dialogue): Promise<string> => {
    await host.configure("AT+QSMTPPUT=300");
    return host.urc("+QSMTPPUT: ");
  };

  it("says OK at once and 0,0 when the server has the mail", async () => {
    const host = await ready();
    assert.equal(await put(host), "+QSMTPPUT: 0,0");
    const mail = await server.waitForMail();
    assert.equal(mail.parsed.subject, "Pump 7 alarm");
    assert.equal(mail.parsed.text?.trim(), "Level too high.");
    assert.deepEqual(mail.parsed.from?.value, [{ address: "pump7@example.com", name: "Pump 7" }]);
    assert.equal(mail.clientName, "localhost");
  });

  it("sends attachments and all recipients, Bcc visible in the header", async () => {
    const host = await ready();
    await host.commandWithData('AT+QFUPL="RAM:log.csv",10', "1234567890");
    await host.configure(
      'AT+QSMTPDST=1,3,"hidden@example.com"',
      'AT+QSMTPDST=1,2,"copy@example.com"',
      'AT+QSMTPATT=1,1,"RAM:log.csv"',
    );
    assert.equal(await put(host), "+QSMTPPUT: 0,0");
    const mail = await server.waitForMail();
    assert.deepEqual(mail.to, ["duty@example.com", "copy@example.com", "hidden@example.com"]);
    assert.match(mail.raw.toString(), /^Bcc: <hidden@example.com>\r$/m);
    assert.equal(mail.parsed.attachments[0]?.filename, "log.csv");
    assert.equal(mail.parsed.attachments[0]?.content.toString(), "1234567890");
  });

  it("sends text in UTF-8 from hex digits", async () => {
    const host = await ready();
    const text = Buffer.from("Füllstand: 3 m ↑");
    await host.configure(`AT+QSMTPSUB=1,"${text.toString("hex")}"`);
    await host.commandWithData(`AT+QSMTPBODY=1,${text.length * 2}`, text.toString("hex"));
    assert.equal(await put(host), "+QSMTPPUT: 0,0");
    const mail = await server.waitForMail();
    assert.equal(mail.parsed.subject, text.toString());
    assert.equal(mail.parsed.text?.trim(), text.toString());
  });

  for (const [how, variants, setting] of [
    ["with bodyoriginal 1", {}, 1],
    ["where firmware takes it raw", { "body-coding": "raw" }, 0],
  ] as const satisfies readonly (readonly [string, VariantChoice, number])[]) {
    it(`sends a body in UTF-8 as it is ${how}`, async () => {
      const host = await ready({ variants });
      await host.configure(`AT+QSMTPCFG="bodyoriginal",${setting}`);
      const text = Buffer.from("Füllstand");
      await host.commandWithData(`AT+QSMTPBODY=1,${text.length}`, text);
      assert.equal(await put(host), "+QSMTPPUT: 0,0");
      assert.equal((await server.waitForMail()).parsed.text?.trim(), "Füllstand");
    });
  }

  it("keeps the mail after sending, so that it can be sent again", async () => {
    const host = await ready();
    assert.equal(await put(host), "+QSMTPPUT: 0,0");
    assert.equal(await put(host), "+QSMTPPUT: 0,0");
    assert.equal((await server.waitForMail(2)).parsed.subject, "Pump 7 alarm");
  });

  it("reports what the server said", async () => {
    const host = await ready({}, { refuse: { rcpt: 550 } });
    assert.equal(await put(host), "+QSMTPPUT: 678,550");
  });

  it("reports a refused login", async () => {
    const host = await ready({}, { auth: { user: "pump7", password: "other" } });
    assert.equal(await put(host), "+QSMTPPUT: 677,535");
  });

  it("makes every SMTP command busy until the result, on every port, but no other command", async () => {
    const host = await ready();
    const other = new Dialogue({}, host, "uart1");
    await other.configure("AT+CMEE=1");
    const release = server.hold("data");
    const reached = server.waitForStage("data");
    await host.configure("AT+QSMTPPUT=300");
    await reached;
    for (const line of ["AT+QSMTPCLR", "AT+QSMTPDST?", 'AT+QSMTPCFG="contextid"', "AT+QSMTPPUT=60"]) {
      host.write(`${line}\r`);
      assert.match(await host.expect(/\r\n\+CME ERROR: 652\r\n/), /652/);
    }
    other.write("AT+QSMTPSUB?\r");
    await other.expect(/\r\n\+CME ERROR: 652\r\n/);
    host.write("AT+CSQ\r");
    await host.expect(/\+CSQ: [^]*OK\r\n/);
    release();
    assert.equal(await host.urc("+QSMTPPUT: "), "+QSMTPPUT: 0,0");
    assert.equal(await host.command("AT+QSMTPCLR"), "OK");
  });

  describe("checks when it sends", () => {
    it("that there is a sender and a server", async () => {
      const host = await ready();
      await host.configure('AT+QSMTPCFG="sender","Pump 7",""');
      assert.equal(await put(host), "+QSMTPPUT: 664,0");
      await host.configure('AT+QSMTPCFG="sender","","pump7@example.com"', 'AT+QSMTPCFG="smtpserver","",25');
      assert.equal(await put(host), "+QSMTPPUT: 664,0");
    });

    it("that there is a recipient", async () => {
      const host = await ready();
      await host.configure("AT+QSMTPCLR");
      assert.equal(await put(host), "+QSMTPPUT: 659,0");
    });

    it("that the context is active, for 30 s", async () => {
      const host = await ready();
      await host.configure("AT+QIDEACT=1");
      const start = host.clock.now();
      assert.equal(await put(host), "+QSMTPPUT: 654,0");
      assert.equal(host.clock.now() - start, 30_000);
      await host.configure("AT+QSMTPPUT=300");
      await host.clock.advance(10_000);
      host.write("AT+QIACT=1\r");
      assert.equal(await host.urc("+QSMTPPUT: "), "+QSMTPPUT: 0,0");
    });

    it("that the attached file is still there", async () => {
      const host = await ready();
      await host.commandWithData('AT+QFUPL="RAM:log.csv",1', "A");
      await host.configure('AT+QSMTPATT=1,1,"RAM:log.csv"', 'AT+QFDEL="RAM:log.csv"');
      assert.equal(await put(host), "+QSMTPPUT: 661,0");
      assert.equal(server.received.length, 0);
    });
  });

  describe("with a mail on the air", () => {
    /** A mail that waits at the server for its acceptance. */
    async function onTheAir(options: DialogueOptions = {}): Promise<Dialogue> {
      const host = await ready(options);
      server.hold("data");
      const reached = server.waitForStage("data");
      await host.configure("AT+QSMTPPUT=60");
      await reached;
      return host;
    }

    it("reports 657 when the network takes the context away, after pdpdeact", async () => {
      const host = await onTheAir();
      host.modem.emit("contextLost", 1);
      assert.match(await host.expect(/\+QSMTPPUT: [^\r]*\r\n/), /"pdpdeact",1\r\n[^]*\+QSMTPPUT: 657,0/);
    });

    it("reports 657 when the host deactivates the context", async () => {
      const host = await onTheAir();
      host.write("AT+QIDEACT=1\r");
      assert.match(await host.expect(/\+QSMTPPUT: [^\r]*\r\n/), /\+QSMTPPUT: 657,0/);
    });

    it("is not moved by the loss of another context", async () => {
      const host = await ready();
      const release = server.hold("data");
      const reached = server.waitForStage("data");
      await host.configure('AT+QICSGP=2,1,"other"', "AT+QIACT=2", "AT+QSMTPPUT=60");
      await reached;
      host.modem.emit("contextLost", 2);
      release();
      assert.match(await host.expect(/\+QSMTPPUT: [^\r]*\r\n/), /"pdpdeact",2\r\n[^]*\+QSMTPPUT: 0,0/);
    });

    it("says nothing more after a restart, and is idle then", async () => {
      const host = await onTheAir();
      host.modem.restart();
      const boot = await host.expect(/PB DONE\r\n/);
      await host.clock.advance(120_000);
      host.write("AT\r");
      assert.doesNotMatch(boot + (await host.expect(/OK\r\n/)), /QSMTPPUT/);
      await host.command("ATE0");
      assert.equal(await host.command("AT+QSMTPCLR"), "OK");
    });
  });

  it("reports 658 when the overall time is over", async () => {
    const clock = new VirtualClock();
    const host = await ready({ clock, busy: allowSilence(clock) });
    server.hold("rcpt");
    const reached = server.waitForStage("rcpt");
    host.write("AT+QSMTPPUT=60\r");
    await clock.until(reached);
    const start = clock.now();
    assert.equal(await host.urc("+QSMTPPUT: "), "+QSMTPPUT: 658,0");
    assert.equal(clock.now() - start, 60_000);
  });

  it("spends the air time before the server sees the mail", async () => {
    const host = await ready({ timing: { airMs: 45_000 } });
    const start = host.clock.now();
    assert.equal(await put(host), "+QSMTPPUT: 0,0");
    assert.equal(host.clock.now() - start, 45_000);
  });

  describe("by TLS", () => {
    const CA = certificate("ca").cert;

    async function secure(tls: "implicit" | "starttls", ...settings: string[]): Promise<Dialogue> {
      const host = await ready({}, { tls });
      await host.commandWithData(`AT+QFUPL="ca.pem",${CA.length}`, CA);
      await host.configure(
        `AT+QSMTPCFG="ssltype",${tls === "implicit" ? 1 : 2}`,
        'AT+QSMTPCFG="sslctxid",2',
        'AT+QSSLCFG="cacert",2,"ca.pem"',
        'AT+QSSLCFG="seclevel",2,1',
        ...settings,
      );
      return host;
    }

    for (const tls of ["implicit", "starttls"] as const) {
      it(`checks the server by the uploaded authority (${tls})`, async () => {
        const host = await secure(tls, 'AT+QSSLCFG="sni",2,1');
        assert.equal(await put(host), "+QSMTPPUT: 0,0");
        const mail = await server.waitForMail();
        assert.equal(mail.secure, true);
        assert.equal(mail.serverName, "mail.example.com");
      });
    }

    it("reports 665 while the clock of the module was never set and is not ignored", async () => {
      const host = await secure("implicit", 'AT+QSSLCFG="ignorelocaltime",2,0');
      assert.equal(await put(host), "+QSMTPPUT: 665,0");
      setModuleTime(host.modem, Date.UTC(2026, 5, 1), 0);
      assert.equal(await put(host), "+QSMTPPUT: 0,0");
    });

    it("reports 665 when the file of the authority is gone", async () => {
      const host = await secure("implicit", 'AT+QFDEL="ca.pem"');
      assert.equal(await put(host), "+QSMTPPUT: 665,0");
    });
  });

  describe("where firmware differs", () => {
    it("gives the result on the port of the command", async () => {
      const host = await ready({ variants: { "put-urc-port": "issuing" } });
      const other = new Dialogue({}, host, "uart1");
      other.write("AT+QSMTPPUT=60\r");
      assert.equal(await other.urc("+QSMTPPUT: "), "+QSMTPPUT: 0,0");
      host.write("AT\r");
      assert.equal(await host.expect(/OK\r\n/), "\r\nOK\r\n");
    });

    it("gives the result on the port of QURCCFG", async () => {
      const host = await ready();
      const other = new Dialogue({}, host, "uart1");
      other.write("AT+QSMTPPUT=60\r");
      assert.equal(await host.urc("+QSMTPPUT: "), "+QSMTPPUT: 0,0");
    });

    it("lets settings and content through while a mail is sent, which sends it as it was", async () => {
      const host = await ready({ variants: { "busy-commands": "put" } });
      const release = server.hold("mail");
      const reached = server.waitForStage("mail");
      await host.configure("AT+QSMTPPUT=300");
      await reached;
      for (const line of ["AT+QSMTPCLR", 'AT+QSMTPCFG="contextid",2']) {
        host.write(`${line}\r`);
        await host.expect(/^\r\nOK\r\n/);
      }
      host.write("AT+QSMTPPUT=60\r");
      await host.expect(/\r\n\+CME ERROR: 652\r\n/);
      release();
      assert.equal(await host.urc("+QSMTPPUT: "), "+QSMTPPUT: 0,0");
      assert.equal((await server.waitForMail()).parsed.subject, "Pump 7 alarm");
    });

    it("does not wait for a context", async () => {
      const host = await ready({ variants: { "put-context-wait": "0" } });
      await host.configure("AT+QIDEACT=1");
      const start = host.clock.now();
      assert.equal(await put(host), "+QSMTPPUT: 654,0");
      assert.equal(host.clock.now(), start);
    });

    it("takes no time to send as 300 s", async () => {
      const host = await ready({ variants: { "put-timeout": "optional" } });
      await host.configure("AT+QSMTPPUT");
      assert.equal(await host.urc("+QSMTPPUT: "), "+QSMTPPUT: 0,0");
    });

    it("tells every refusal of the server as 654,0", async () => {
      const host = await ready(
        { variants: { "refusal-numbers": "654" } },
        { refuse: { rcpt: { "duty@example.com": 550 } } },
      );
      assert.equal(await put(host), "+QSMTPPUT: 654,0");
    });

    it("writes no To header where all are hidden, and its parts in the form of another family", async () => {
      const host = await ready({ variants: { "mime-form": "lines-96" } });
      await host.configure("AT+QSMTPDST=0", 'AT+QSMTPDST=1,3,"hidden@example.com"');
      assert.equal(await put(host), "+QSMTPPUT: 0,0");
      const { raw, parsed } = await server.waitForMail();
      assert.doesNotMatch(raw.toString(), /^To:/m);
      assert.match(raw.toString(), /^--===Quectel_/m);
      assert.equal(parsed.text?.trim(), "Level too high.");
    });

    it("greets by address, hides Bcc, writes a Date and a plain subject", async () => {
      const host = await ready({
        variants: {
          "ehlo-name": "address",
          "bcc-header": "absent",
          "date-header": "present",
          "subject-header": "plain",
          "key-addrseparator": "present",
        },
      });
      await host.configure(
        'AT+QSMTPDST=1,1,"second@example.com"',
        'AT+QSMTPDST=1,3,"hidden@example.com"',
        'AT+QSMTPCFG="addrseparator",1',
      );
      assert.equal(await put(host), "+QSMTPPUT: 0,0");
      const mail = await server.waitForMail();
      assert.equal(mail.clientName, "[10.20.30.40]");
      assert.deepEqual(mail.to.at(-1), "hidden@example.com");
      const headers = mail.raw.toString();
      assert.match(headers, /^To: <duty@example.com>; <second@example.com>\r$/m);
      assert.match(headers, /^Date: Fri, 04 Jan 2008 /m);
      assert.match(headers, /^Subject: Pump 7 alarm\r$/m);
      assert.doesNotMatch(headers, /^Bcc/m);
    });
  });

  describe("under a fault plan", () => {
    it("takes a refusal as the server's", async () => {
      const host = await ready({
        faults: [{ at: { smtp: "rcpt" }, fault: { kind: "reply", code: 452, text: "full" } }],
      });
      assert.equal(await put(host), "+QSMTPPUT: 669,452");
      assert.equal(await put(host), "+QSMTPPUT: 0,0");
    });

    it("reports 654 although the server has taken the mail", async () => {
      const host = await ready({
        faults: [{ at: { smtp: "accepted" }, fault: { kind: "result", err: 654, protocolError: 0 } }],
      });
      assert.equal(await put(host), "+QSMTPPUT: 654,0");
      assert.equal((await server.waitForMail()).parsed.subject, "Pump 7 alarm");
      assert.equal(await put(host), "+QSMTPPUT: 0,0");
    });

    it("can lose the context in the middle of the session", async () => {
      const host = await ready({ faults: [{ at: { smtp: "data" }, fault: { kind: "contextLoss" } }] });
      assert.equal(await put(host), "+QSMTPPUT: 657,0");
      assert.equal(server.received.length, 0);
    });

    it("ends with the overall time when a step is held up for longer", async () => {
      const host = await ready({ faults: [{ at: { smtp: "end" }, fault: { kind: "delay", ms: 1e6 } }] });
      const start = host.clock.now();
      assert.equal(await put(host), "+QSMTPPUT: 658,0");
      assert.equal(host.clock.now() - start, 300_000);
      assert.equal(server.received.length, 0);
    });
  });
});
