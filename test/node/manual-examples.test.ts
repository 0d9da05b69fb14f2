/**
 * The three examples of the SMTP manual (chapter 3: plain, SSL, STARTTLS) as flows: nodes, a simulated module behind a
 * TCP port, and a real mail server with login and a certificate of its own authority.
 */
import assert from "node:assert/strict";
import { certificate } from "../support/certificates";
import { MailServer, type MailServerOptions } from "../support/mail-server";
import { FlowBench, helperNode, sendNode } from "./support/flow-bench";
import { MAIL_HOST, ServedModem } from "./support/served-modem";

const AUTH = { user: "pump7@example.com", password: "s3cret-word" } as const;
const LOG = Buffer.from("time;level\n12:00;94\n");

interface Example {
  readonly chapter: string;
  readonly security: "none" | "tls" | "starttls";
  readonly server: MailServerOptions["tls"];
  /** `<ssltype>` */
  readonly sslType: 0 | 1 | 2;
}

const EXAMPLES: readonly Example[] = [
  { chapter: "3.1 without encryption", security: "none", server: "none", sslType: 0 },
  { chapter: "3.2 by SSL", security: "tls", server: "implicit", sslType: 1 },
  { chapter: "3.3 by STARTTLS", security: "starttls", server: "starttls", sslType: 2 },
];

describe("The manual's example", () => {
  const bench = new FlowBench();
  let modem: ServedModem;
  let server: MailServer;

  beforeEach(async () => {
    modem = await ServedModem.start();
  });

  afterEach(async () => {
    await bench.end();
    await modem.stop();
    await server.stop();
  });

  for (const { chapter, security, server: tls, sslType } of EXAMPLES) {
    const load = async (change: object = {}): Promise<void> => {
      server = await MailServer.start({ auth: AUTH, ...(tls === undefined ? {} : { tls }) });
      const settings = {
        smtpSecurity: security,
        apn: "internet",
        senderName: "Pump 7",
        ...(security === "none" ? {} : { tlsRoot: "pem", tlsCa: certificate("ca").cert }),
        ...change,
      };
      await bench.load(
        [
          modem.node(server.port, settings),
          sendNode(),
          { id: "catch", type: "catch", z: "tab", scope: null, wires: [["caught"]] },
          ...["sent", "failed", "caught"].map(helperNode),
        ],
        { modem: { smtpUser: AUTH.user, smtpPassword: AUTH.password } },
      );
    };

    it(`${chapter} sends its mail with an attachment, step by step on the wire`, async () => {
      await load();
      bench.inject("send", {
        to: "duty@example.com",
        cc: "boss@example.com",
        topic: "TEST SMTP",
        payload: "Level too high.",
        attachments: { filename: "test.txt", content: LOG },
      });
      const { smtp } = await bench.received("sent");
      assert.equal(smtp.status, "sent");
      assert.deepEqual(smtp.accepted, ["duty@example.com", "boss@example.com"]);
      assert.deepEqual(smtp.warnings, []);

      const [mail] = server.received;
      assert.deepEqual(mail?.to, ["duty@example.com", "boss@example.com"]);
      assert.equal(mail?.user, AUTH.user);
      assert.equal(mail?.secure, security !== "none");
      assert.equal(mail?.parsed.from?.text, '"Pump 7" <pump7@example.com>');
      assert.equal(mail?.parsed.subject, "TEST SMTP");
      assert.equal(mail?.parsed.text?.trim(), "Level too high.");
      assert.deepEqual(mail?.parsed.attachments[0]?.content, LOG);

      // The steps of chapter 3 in their order; what is asked between them is left out.
      const steps = modem
        .lines()
        .filter((line) =>
          /^AT\+(QICSGP=1,1|QIACT=|QSMTP(CFG|DST|SUB|BODY|ATT|PUT)=[^?]|QFUPL="RAM)/.test(line),
        );
      assert.deepEqual(steps, [
        'AT+QICSGP=1,1,"internet","","",0',
        "AT+QIACT=1",
        'AT+QSMTPCFG="contextid",1',
        `AT+QSMTPCFG="ssltype",${sslType}`,
        ...(sslType === 0 ? [] : ['AT+QSMTPCFG="sslctxid",1']),
        `AT+QSMTPCFG="smtpserver","${MAIL_HOST}",${server.port}`,
        `AT+QSMTPCFG="account","${AUTH.user}","${AUTH.password}"`,
        'AT+QSMTPCFG="sender","Pump 7","pump7@example.com"',
        'AT+QFUPL="RAM:test.txt",20,31',
        'AT+QSMTPDST=1,1,"duty@example.com"',
        'AT+QSMTPDST=1,2,"boss@example.com"',
        'AT+QSMTPSUB=0,"TEST SMTP"',
        "AT+QSMTPBODY=0,15,31",
        'AT+QSMTPATT=1,1,"RAM:test.txt"',
        "AT+QSMTPPUT=303",
      ]);
      const ssl = modem.lines("AT+QSSLCFG").map((line) => /"(\w+)",1,(.+)$/.exec(line)?.slice(1).join("="));
      if (sslType === 0) assert.deepEqual(ssl, []);
      else {
        assert.deepEqual(
          ssl.map((setting) => setting?.replace(/"ca-[0-9a-f]+\.pem"/, "the CA")),
          [
            "sslversion=4",
            "ciphersuite=0xFFFF",
            "cacert=the CA",
            "seclevel=1",
            "ignorelocaltime=0",
            "negotiatetime=300",
            "sni=1",
          ],
        );
      }
    });

    if (security === "none") continue;

    it(`${chapter} does not go to a server with a certificate of another authority, and says what to do`, async () => {
      await load({ tlsCa: certificate("other-ca").cert });
      bench.inject("send", { to: "duty@example.com", payload: "Level too high." });
      await bench.showsStatus("send", /^TLS failed · 1 ✉ · next try \d\d:\d\d$/);
      const { error } = await bench.received("caught");
      assert.equal(error.code, "SMTP_TLS_FAILED");
      assert.match(error.message, /Root certificate/);
      assert.equal(server.received.length, 0);
      assert.equal(bench.count("sent"), 0);
    });
  }
});
