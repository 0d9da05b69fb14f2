import assert from "node:assert/strict";
import fc from "fast-check";
import { type Command, ONE_LINE, shownLine } from "../../../lib/at/command";
import { deleteFile, queryFile, querySpace, uploadFile } from "../../../lib/quectel/commands/files";
import * as smtp from "../../../lib/quectel/commands/smtp";
import { MASK } from "../../../lib/serial/trace";
import { setSsl } from "../../../lib/quectel/commands/ssl";

const bytes = Buffer.from("1234567890");

/** Each command beside its line. */
const LINES: readonly (readonly [Command<unknown>, string])[] = [
  [
    smtp.mailSetting({ key: "account", user: "pump7@example.com", password: "s3cret" }),
    'AT+QSMTPCFG="account","pump7@example.com","s3cret"',
  ],
  [smtp.mailSetting({ key: "account", user: "", password: "" }), 'AT+QSMTPCFG="account","",""'],
  [
    smtp.mailSetting({ key: "sender", name: "Pump 7", address: "pump7@example.com" }),
    'AT+QSMTPCFG="sender","Pump 7","pump7@example.com"',
  ],
  [
    smtp.mailSetting({ key: "smtpserver", host: "mail.example.com", port: 465 }),
    'AT+QSMTPCFG="smtpserver","mail.example.com",465',
  ],
  [smtp.mailSetting({ key: "contextid", id: 1 }), 'AT+QSMTPCFG="contextid",1'],
  [smtp.mailSetting({ key: "sslctxid", id: 5 }), 'AT+QSMTPCFG="sslctxid",5'],
  [smtp.mailSetting({ key: "ssltype", security: "none" }), 'AT+QSMTPCFG="ssltype",0'],
  [smtp.mailSetting({ key: "ssltype", security: "tls" }), 'AT+QSMTPCFG="ssltype",1'],
  [smtp.mailSetting({ key: "ssltype", security: "starttls" }), 'AT+QSMTPCFG="ssltype",2'],
  [smtp.mailSetting({ key: "bodyoriginal", original: true }), 'AT+QSMTPCFG="bodyoriginal",1'],
  [smtp.clearMail(), "AT+QSMTPCLR"],
  [smtp.addRecipient("to", "duty@example.com"), 'AT+QSMTPDST=1,1,"duty@example.com"'],
  [smtp.addRecipient("cc", "boss@example.com"), 'AT+QSMTPDST=1,2,"boss@example.com"'],
  [smtp.addRecipient("bcc", "x@example.com"), 'AT+QSMTPDST=1,3,"x@example.com"'],
  [smtp.queryRecipients(), "AT+QSMTPDST?"],
  [smtp.setSubject("ascii", "Pump 7 alarm"), 'AT+QSMTPSUB=0,"Pump 7 alarm"'],
  [smtp.setSubject("utf-8", "C3A4"), 'AT+QSMTPSUB=1,"C3A4"'],
  [smtp.querySubject(), "AT+QSMTPSUB?"],
  [smtp.sendBody({ charset: "gb2312", size: 10, seconds: 60, source: bytes }), "AT+QSMTPBODY=2,10,60"],
  [smtp.attachFile(1, "RAM:log.csv"), 'AT+QSMTPATT=1,1,"RAM:log.csv"'],
  [smtp.putMail(300), "AT+QSMTPPUT=300"],
  [querySpace("RAM"), 'AT+QFLDS="RAM"'],
  [queryFile("ca.pem"), 'AT+QFLST="ca.pem"'],
  [deleteFile("RAM:log.csv"), 'AT+QFDEL="RAM:log.csv"'],
  [uploadFile({ name: "RAM:log.csv", size: 10, seconds: 30, source: bytes }), 'AT+QFUPL="RAM:log.csv",10,30'],
  [
    uploadFile({ name: "RAM:log.csv", size: 10, seconds: 30, source: bytes, acknowledged: true }),
    'AT+QFUPL="RAM:log.csv",10,30,1',
  ],
  [setSsl(1, "sslversion", 4), 'AT+QSSLCFG="sslversion",1,4'],
  [setSsl(1, "ciphersuite", 0xffff), 'AT+QSSLCFG="ciphersuite",1,0xFFFF'],
  [setSsl(1, "cacert", "ca.pem"), 'AT+QSSLCFG="cacert",1,"ca.pem"'],
  [setSsl(5, "seclevel", 1), 'AT+QSSLCFG="seclevel",5,1'],
  [setSsl(0, "negotiatetime", 300), 'AT+QSSLCFG="negotiatetime",0,300'],
];

describe("mail and file commands", () => {
  for (const [command, line] of LINES) {
    it(`is written as ${line}`, () => {
      assert.equal(command.line, line);
      assert.match(command.line, ONE_LINE);
    });
  }

  it("show neither user nor password", () => {
    assert.equal(
      shownLine(smtp.mailSetting({ key: "account", user: "pump7@example.com", password: "s3cret" })),
      `AT+QSMTPCFG="account","${MASK}","${MASK}"`,
    );
  });

  it("refuse values out of the manual's ranges before the wire", () => {
    const refused: readonly (() => unknown)[] = [
      () => smtp.mailSetting({ key: "smtpserver", host: "mail.example.com", port: 0 }),
      () => smtp.mailSetting({ key: "smtpserver", host: "mail.example.com", port: 65_536 }),
      () => smtp.mailSetting({ key: "contextid", id: 17 }),
      () => smtp.mailSetting({ key: "sslctxid", id: 6 }),
      () => smtp.putMail(59),
      () => smtp.putMail(65_536),
      () => smtp.sendBody({ charset: "ascii", size: 0, seconds: 60, source: bytes }),
      () => smtp.sendBody({ charset: "ascii", size: 10_241, seconds: 60, source: bytes }),
      () => uploadFile({ name: "a", size: 0, seconds: 30, source: bytes }),
      () => setSsl(1, "seclevel", 3),
      () => setSsl(1, "negotiatetime", 9),
      () => deleteFile("*"),
      () => deleteFile("RAM:*"),
      () => smtp.attachFile(1, 'a"b'),
    ];
    for (const make of refused) assert.throws(make, { code: "INVALID_ARGUMENT" });
  });

  it("refuse a recipient that SMTP would not take for one address", () => {
    for (const address of [
      "a b@example.com",
      "a@example.com> SIZE=1",
      "<a@example.com>",
      "a@exämple.com",
      "a\t@example.com",
      "a\r\n@example.com",
      'a"@example.com',
      "example.com",
      "@example.com",
      "",
    ])
      assert.throws(() => smtp.addRecipient("to", address), { code: "INVALID_RECIPIENT" }, address);
    for (const address of ["o'neil+x!#$%&*=?^_`{|}~-@example.com", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]"])
      assert.equal(smtp.addRecipient("to", address).line, `AT+QSMTPDST=1,1,"${address}"`);
  });

  it("put one command on the line whatever text they are given, or refuse it", () => {
    const makers: readonly ((text: string) => Command<unknown>)[] = [
      (text) => smtp.mailSetting({ key: "account", user: text, password: text }),
      (text) => smtp.mailSetting({ key: "sender", name: text, address: text }),
      (text) => smtp.mailSetting({ key: "smtpserver", host: text, port: 25 }),
      (text) => smtp.addRecipient("to", text),
      (text) => smtp.setSubject("ascii", text),
      (text) => smtp.attachFile(1, text),
      (text) => deleteFile(text),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...makers), fc.string({ unit: "binary" }), (make, text) => {
        let command: Command<unknown>;
        try {
          command = make(text);
        } catch {
          return;
        }
        assert.match(command.line, ONE_LINE);
        assert.ok(command.line.includes(text));
      }),
    );
  });

  it("read their answers in the forms of different firmware", () => {
    assert.deepEqual(querySpace("RAM").parse({ lines: ["+QFLDS: 340168,647668,340100"] }), {
      free: 340_168,
      total: 647_668,
      largest: 340_100,
    });
    assert.deepEqual(querySpace("UFS").parse({ lines: ["+QFLDS: 12987840,14483456"] }), {
      free: 12_987_840,
      total: 14_483_456,
      largest: 12_987_840,
    });
    const entry = { name: "RAM:t.txt", size: 1379 };
    assert.deepEqual(queryFile("RAM:t.txt").parse({ lines: ['+QFLST: "RAM:t.txt",1379,10240'] }), entry);
    assert.deepEqual(queryFile("RAM:t.txt").parse({ lines: ['+QFLST: "RAM:t.txt",1379'] }), entry);
    assert.deepEqual(queryFile("UFS:a.txt").parse({ lines: ['+QFLST: "a.txt",3'] }), {
      name: "a.txt",
      size: 3,
    });
    assert.equal(queryFile("RAM:t.txt").parse({ lines: [] }), undefined);
    const upload = uploadFile({ name: "a", size: 10, seconds: 30, source: bytes });
    assert.deepEqual(upload.parse({ lines: ["+QFUPL: 200,707"] }), { size: 200, checksum: 0x707 });
    assert.deepEqual(upload.parse({ lines: ["+QFUPL:200,0707"] }), { size: 200, checksum: 0x707 });
    assert.throws(() => upload.parse({ lines: [] }), { code: "MODEM_ANSWER" });
  });

  it("read the result of a mail, with and without the server's reply", () => {
    assert.deepEqual(smtp.readPutResult("+QSMTPPUT: 0,0"), { error: 0, smtpCode: 0 });
    assert.deepEqual(smtp.readPutResult("+QSMTPPUT: 677,535"), { error: 677, smtpCode: 535 });
    assert.deepEqual(smtp.readPutResult("+QSMTPPUT:654"), { error: 654, smtpCode: undefined });
    for (const other of [
      "+QSMTPPUT: (60-65535)",
      "+QSMTPPUT: ",
      "+QSMTPPUT: 0,0 and more",
      "+QSMTPBODY: 0,0",
    ]) {
      assert.equal(smtp.readPutResult(other), undefined, other);
    }
  });
});
