import assert from "node:assert/strict";
import type { VariantChoice } from "../../../lib/simulator";
import { Dialogue } from "./dialogue";

async function dialogue(variants: VariantChoice = {}): Promise<Dialogue> {
  const host = new Dialogue({ variants });
  await host.configure("AT+CMEE=1");
  return host;
}

describe("QSMTP commands of the simulated module", () => {
  it("list the keys of QSMTPCFG", async () => {
    assert.equal(
      await (await dialogue()).command("AT+QSMTPCFG=?"),
      '+QSMTPCFG: "account",<username>,<password> | +QSMTPCFG: "sender",<sender_name>,<sender_email> | ' +
        '+QSMTPCFG: "smtpserver",<srvaddr>,<srvport> | +QSMTPCFG: "contextid",(1-16) | ' +
        '+QSMTPCFG: "sslctxid",(0-5) | +QSMTPCFG: "ssltype",(0-2) | +QSMTPCFG: "bodyoriginal",(0,1) | OK',
    );
  });

  it("show the settings of a module just started", async () => {
    const host = await dialogue();
    for (const [key, values] of [
      ["account", '"",""'],
      ["sender", '"",""'],
      ["smtpserver", '"",25'],
      ["contextid", "1"],
      ["sslctxid", "1"],
      ["ssltype", "0"],
      ["bodyoriginal", "0"],
    ]) {
      assert.equal(await host.command(`AT+QSMTPCFG="${key}"`), `+QSMTPCFG: "${key}",${values} | OK`);
    }
  });

  for (const setting of [
    '"account","pump7@example.com","s3,c;ret"',
    '"sender","Pump 7","pump7@example.com"',
    '"smtpserver","mail.example.com",465',
    '"contextid",16',
    '"sslctxid",5',
    '"ssltype",2',
    '"bodyoriginal",1',
    `"account","${"u".repeat(50)}","${"p".repeat(50)}"`,
  ]) {
    it(`keep ${setting.slice(0, 60)}`, async () => {
      const host = await dialogue();
      await host.configure(`AT+QSMTPCFG=${setting}`);
      const key = setting.split(",", 1)[0];
      assert.equal(await host.command(`AT+QSMTPCFG=${key}`), `+QSMTPCFG: ${setting} | OK`);
    });
  }

  it("match keys without regard to case", async () => {
    const host = await dialogue();
    await host.configure('AT+QSMTPCFG="SSLType",1');
    assert.equal(await host.command('AT+QSMTPCFG="ssltype"'), '+QSMTPCFG: "ssltype",1 | OK');
  });

  for (const [what, line] of [
    ["an unknown key", 'AT+QSMTPCFG="nothing",1'],
    ["a key of another family", 'AT+QSMTPCFG="addrseparator",1'],
    ["a user of 51 bytes", `AT+QSMTPCFG="account","${"u".repeat(51)}","p"`],
    ["a password of 51 bytes", `AT+QSMTPCFG="account","u","${"p".repeat(51)}"`],
    ["an account without password", 'AT+QSMTPCFG="account","u"'],
    ["a sender address of 51 bytes", `AT+QSMTPCFG="sender","n","${"a".repeat(51)}"`],
    ["a server of 51 bytes", `AT+QSMTPCFG="smtpserver","${"a".repeat(51)}",25`],
    ["port 0", 'AT+QSMTPCFG="smtpserver","mail.example.com",0'],
    ["port 65536", 'AT+QSMTPCFG="smtpserver","mail.example.com",65536'],
    ["a port in quotes", 'AT+QSMTPCFG="smtpserver","mail.example.com","25"'],
    ["context 17", 'AT+QSMTPCFG="contextid",17'],
    ["context 0", 'AT+QSMTPCFG="contextid",0'],
    ["SSL context 6", 'AT+QSMTPCFG="sslctxid",6'],
    ["ssltype 3", 'AT+QSMTPCFG="ssltype",3'],
    ["a value too many", 'AT+QSMTPCFG="ssltype",1,1'],
    ["a recipient of 51 bytes", `AT+QSMTPDST=1,1,"${"a".repeat(51)}"`],
    ["a recipient of type 4", 'AT+QSMTPDST=1,4,"a@example.com"'],
    ["a recipient without address", "AT+QSMTPDST=1,1"],
    ["a mode 2 of QSMTPDST", 'AT+QSMTPDST=2,1,"a@example.com"'],
    ["a subject of 101 bytes", `AT+QSMTPSUB=0,"${"s".repeat(101)}"`],
    ["a subject in charset 4", 'AT+QSMTPSUB=4,"s"'],
    ["a subject without quotes", "AT+QSMTPSUB=0,s"],
    ["a body of 10241 bytes", "AT+QSMTPBODY=0,10241"],
    ["a body of 0 bytes", "AT+QSMTPBODY=0,0"],
    ["a body in charset 4", "AT+QSMTPBODY=4,10"],
    ["an input time of 0", "AT+QSMTPBODY=0,10,0"],
    ["a body without length", "AT+QSMTPBODY=0"],
    ["an attachment 11", 'AT+QSMTPATT=1,11,"a.txt"'],
    ["an attachment 0", 'AT+QSMTPATT=1,0,"a.txt"'],
    ["the removal of an attachment that is not there", "AT+QSMTPATT=0,1"],
    ["an attachment with a name of 81 characters", `AT+QSMTPATT=1,1,"${"a".repeat(81)}"`],
    ["a time of 59 s to send", "AT+QSMTPPUT=59"],
    ["a time of 65536 s to send", "AT+QSMTPPUT=65536"],
    ["two times to send", "AT+QSMTPPUT=60,60"],
  ] as const) {
    it(`refuse ${what} with 664`, async () => {
      const host = await dialogue();
      assert.equal(await host.command(line), "+CME ERROR: 664");
      await host.configure("AT+CMEE=0");
      assert.equal(await host.command(line), "ERROR");
    });
  }

  it("answer the test forms", async () => {
    const host = await dialogue();
    for (const [line, answer] of [
      ["AT+QSMTPDST=?", "+QSMTPDST: (0,1),(1-3),<emailaddr> | OK"],
      ["AT+QSMTPSUB=?", "+QSMTPSUB: (0-3),<subject> | OK"],
      ["AT+QSMTPBODY=?", "+QSMTPBODY: (0-3),(1-10240),(1-65535) | OK"],
      ["AT+QSMTPATT=?", "+QSMTPATT: (0,1),(1-10),<file_name> | OK"],
      ["AT+QSMTPCLR=?", "OK"],
      ["AT+QSMTPPUT=?", "+QSMTPPUT: (60-65535) | OK"],
      ["AT+QSMTPBODY?", "OK"],
      ["AT+QSMTPCLR=1", "ERROR"],
      ["AT+QSMTPPUT", "ERROR"],
      ["AT+QSMTPCFG?", "ERROR"],
    ] as const) {
      assert.equal(await host.command(line), answer, line);
    }
  });

  describe("for recipients", () => {
    it("list To before Cc before Bcc, each in the order of adding, and keep duplicates", async () => {
      const host = await dialogue();
      await host.configure(
        'AT+QSMTPDST=1,3,"hidden@example.com"',
        'AT+QSMTPDST=1,1,"b@example.com"',
        'AT+QSMTPDST=1,2,"copy@example.com"',
        'AT+QSMTPDST=1,1,"a@example.com"',
        'AT+QSMTPDST=1,1,"b@example.com"',
      );
      assert.equal(
        await host.command("AT+QSMTPDST?"),
        '+QSMTPDST: 1,"b@example.com" | +QSMTPDST: 1,"a@example.com" | +QSMTPDST: 1,"b@example.com" | ' +
          '+QSMTPDST: 2,"copy@example.com" | +QSMTPDST: 3,"hidden@example.com" | OK',
      );
    });

    it("delete one, a type, or all", async () => {
      const host = await dialogue();
      await host.configure(
        'AT+QSMTPDST=1,1,"a@example.com"',
        'AT+QSMTPDST=1,1,"b@example.com"',
        'AT+QSMTPDST=1,2,"c@example.com"',
        'AT+QSMTPDST=0,1,"a@example.com"',
      );
      assert.equal(
        await host.command("AT+QSMTPDST?"),
        '+QSMTPDST: 1,"b@example.com" | +QSMTPDST: 2,"c@example.com" | OK',
      );
      await host.configure("AT+QSMTPDST=0,1");
      assert.equal(await host.command("AT+QSMTPDST?"), '+QSMTPDST: 2,"c@example.com" | OK');
      await host.configure("AT+QSMTPDST=0");
      assert.equal(await host.command("AT+QSMTPDST?"), "OK");
    });

    it("give 659 for one that is not there and 662 for the 21st", async () => {
      const host = await dialogue();
      assert.equal(await host.command('AT+QSMTPDST=0,1,"a@example.com"'), "+CME ERROR: 659");
      for (let index = 1; index <= 20; index++) {
        await host.configure(`AT+QSMTPDST=1,${(index % 3) + 1},"a${index}@example.com"`);
      }
      assert.equal(await host.command('AT+QSMTPDST=1,1,"a21@example.com"'), "+CME ERROR: 662");
    });
  });

  describe("for the subject", () => {
    it("keep ASCII as given, up to 100 bytes", async () => {
      const host = await dialogue();
      const subject = "s".repeat(100);
      await host.configure(`AT+QSMTPSUB=0,"${subject}"`);
      assert.equal(await host.command("AT+QSMTPSUB?"), `+QSMTPSUB: 0,"${subject}" | OK`);
    });

    it("take hex digits for other character sets and show them in upper case", async () => {
      const host = await dialogue();
      await host.configure('AT+QSMTPSUB=1,"c3a4"');
      assert.equal(await host.command("AT+QSMTPSUB?"), '+QSMTPSUB: 1,"C3A4" | OK');
      for (const wrong of ["c3a", "Level", "ab".repeat(101)]) {
        assert.equal(await host.command(`AT+QSMTPSUB=1,"${wrong}"`), "+CME ERROR: 664");
      }
      await host.configure(`AT+QSMTPSUB=1,"${"ab".repeat(100)}"`);
    });

    it("take the bytes as they are where firmware does so", async () => {
      const host = await dialogue({ "subject-coding": "raw" });
      await host.configure('AT+QSMTPSUB=1,"c3a4"');
      assert.equal(await host.command("AT+QSMTPSUB?"), '+QSMTPSUB: 1,"c3a4" | OK');
      await host.configure('AT+QSMTPSUB=1,"\u00c3\u00a4"');
      assert.equal(await host.command("AT+QSMTPSUB?"), '+QSMTPSUB: 1,"\u00c3\u00a4" | OK');
    });

    it("take an empty one", async () => {
      await (await dialogue()).configure('AT+QSMTPSUB=0,""');
    });
  });

  describe("for the body", () => {
    it("take exactly the bytes announced, with an empty line more before the result", async () => {
      const host = await dialogue();
      host.write("AT+QSMTPBODY=0,15,60\r");
      await host.expect(/\r\nCONNECT\r\n$/);
      host.write("Level too high.");
      assert.equal(await host.expect(/OK\r\n$/), "\r\n\r\n+QSMTPBODY: 15\r\n\r\nOK\r\n");
    });

    it("take fewer bytes at +++ and when the input time is over", async () => {
      const host = await dialogue();
      host.write("AT+QSMTPBODY=0,100,60\r");
      await host.expect(/CONNECT\r\n/);
      host.write("Level");
      await host.clock.advance(1100);
      host.write("+++");
      assert.equal(await host.expect(/OK\r\n$/), "\r\n+QSMTPBODY: 5\r\n\r\nOK\r\n");
      const start = host.clock.now();
      assert.equal(await host.commandWithData("AT+QSMTPBODY=0,100", "Pegel"), "+QSMTPBODY: 5 | OK");
      assert.equal(host.clock.now() - start, 90_000);
    });

    it("count the input time from CONNECT, however steadily bytes come", async () => {
      const host = await dialogue();
      host.write("AT+QSMTPBODY=0,100,5\r");
      await host.expect(/CONNECT\r\n/);
      for (let second = 0; second < 4; second++) {
        await host.clock.advance(1000);
        host.write("A");
      }
      assert.match(await host.expect(/OK\r\n/), /\+QSMTPBODY: 4\r/);
      assert.equal(host.clock.now(), 5000);
    });

    it("give 664 for text that is not hex where hex is expected", async () => {
      const host = await dialogue();
      assert.equal(await host.commandWithData("AT+QSMTPBODY=1,5", "Pegel"), "+CME ERROR: 664");
    });

    it("are busy on every other port meanwhile", async () => {
      const host = await dialogue();
      const other = new Dialogue({}, host, "usbmodem");
      await other.configure("AT+CMEE=1");
      host.write("AT+QSMTPBODY=0,5\r");
      await host.expect(/CONNECT\r\n/);
      assert.equal(await other.command("AT+QSMTPCLR"), "+CME ERROR: 652");
      assert.equal(await other.command("AT"), "OK");
      host.write("Level");
      await host.expect(/OK\r\n$/);
      assert.equal(await other.command("AT+QSMTPCLR"), "OK");
    });
  });

  describe("for attachments", () => {
    it("list them by index with their size, overwrite an index, and remove", async () => {
      const host = await dialogue();
      await host.commandWithData('AT+QFUPL="RAM:b.csv",2', "AB");
      await host.commandWithData('AT+QFUPL="a.txt",1', "A");
      await host.configure(
        'AT+QSMTPATT=1,2,"RAM:b.csv"',
        'AT+QSMTPATT=1,1,"RAM:b.csv"',
        'AT+QSMTPATT=1,1,"UFS:a.txt"',
      );
      assert.equal(
        await host.command("AT+QSMTPATT?"),
        '+QSMTPATT: 1,"UFS:a.txt",1 | +QSMTPATT: 2,"RAM:b.csv",2 | OK',
      );
      await host.configure("AT+QSMTPATT=0,1");
      assert.equal(await host.command("AT+QSMTPATT?"), '+QSMTPATT: 2,"RAM:b.csv",2 | OK');
      await host.configure("AT+QSMTPATT=0");
      assert.equal(await host.command("AT+QSMTPATT?"), "OK");
      assert.match(await host.command("AT+QFLST"), /a\.txt/);
    });

    it("give 661 for a file that is not there", async () => {
      assert.equal(await (await dialogue()).command('AT+QSMTPATT=1,1,"RAM:none"'), "+CME ERROR: 661");
    });
  });

  it("clear the mail and keep settings and files", async () => {
    const host = await dialogue();
    await host.commandWithData('AT+QFUPL="RAM:b.csv",2', "AB");
    await host.configure(
      'AT+QSMTPCFG="contextid",2',
      'AT+QSMTPDST=1,1,"a@example.com"',
      'AT+QSMTPSUB=0,"s"',
      'AT+QSMTPATT=1,1,"RAM:b.csv"',
      "AT+QSMTPCLR",
    );
    assert.equal(await host.command("AT+QSMTPDST?"), "OK");
    assert.equal(await host.command("AT+QSMTPSUB?"), '+QSMTPSUB: 0,"" | OK');
    assert.equal(await host.command("AT+QSMTPATT?"), "OK");
    assert.equal(await host.command('AT+QSMTPCFG="contextid"'), '+QSMTPCFG: "contextid",2 | OK');
    assert.match(await host.command('AT+QFLST="RAM:*"'), /b\.csv/);
  });

  describe("over a restart", () => {
    for (const [kept, answer] of [
      ["lost", '+QSMTPCFG: "ssltype",0 | OK'],
      ["kept", '+QSMTPCFG: "ssltype",1 | OK'],
    ] as const) {
      it(`have their settings ${kept} and the mail gone`, async () => {
        const host = await dialogue({ "smtp-after-restart": kept });
        await host.configure('AT+QSMTPCFG="ssltype",1', 'AT+QSMTPDST=1,1,"a@example.com"');
        host.modem.restart();
        await host.expect(/PB DONE/);
        await host.command("ATE0");
        assert.equal(await host.command('AT+QSMTPCFG="ssltype"'), answer);
        assert.equal(await host.command("AT+QSMTPDST?"), "OK");
      });
    }
  });

  describe("where firmware differs", () => {
    const cases = [
      [{ "key-bodyoriginal": "absent" }, 'AT+QSMTPCFG="bodyoriginal",1', "+CME ERROR: 664"],
      [{ "key-addrseparator": "present" }, 'AT+QSMTPCFG="addrseparator",1', "OK"],
      [{ "smtp-string-limit": "64" }, `AT+QSMTPDST=1,1,"${"a".repeat(64)}"`, "OK"],
      [{ "subject-limit": "200" }, `AT+QSMTPSUB=0,"${"a".repeat(200)}"`, "OK"],
      [{ "body-read": "error" }, "AT+QSMTPBODY?", "ERROR"],
      [{ "body-test": "word" }, "AT+QSMTPBODY=?", "+QSMTPBODY: (0-3),(1-10240),<input_time> | OK"],
      [{ "attachment-limit": "1" }, "AT+QSMTPATT=?", "+QSMTPATT: (0,1),(1-1),<file_name> | OK"],
    ] as const satisfies readonly (readonly [VariantChoice, string, string])[];
    for (const [variants, line, answer] of cases) {
      it(`answer ${line.slice(0, 40)} under ${JSON.stringify(variants)}`, async () => {
        assert.equal(await (await dialogue(variants)).command(line), answer);
      });
    }

    it("mask the password", async () => {
      const host = await dialogue({ "password-readback": "masked" });
      await host.configure('AT+QSMTPCFG="account","pump7","secret"');
      assert.equal(await host.command('AT+QSMTPCFG="account"'), '+QSMTPCFG: "account","pump7","******" | OK');
    });

    it("take the account at the third attempt only", async () => {
      const host = await dialogue({ "account-attempts": "3" });
      const answers = [];
      for (let attempt = 0; attempt < 4; attempt++) {
        answers.push(await host.command('AT+QSMTPCFG="account","u","p"'));
      }
      assert.deepEqual(answers, ["ERROR", "ERROR", "OK", "OK"]);
    });

    it("leave the empty line before the result of a body out", async () => {
      const host = await dialogue({ "body-empty-line": "absent" });
      host.write("AT+QSMTPBODY=0,1\r");
      await host.expect(/\r\nCONNECT\r\n$/);
      host.write("A");
      assert.equal(await host.expect(/OK\r\n$/), "\r\n+QSMTPBODY: 1\r\n\r\nOK\r\n");
    });

    it("take fewer recipients", async () => {
      const host = await dialogue({ "recipient-limit": "10" });
      for (let index = 0; index < 10; index++) await host.configure(`AT+QSMTPDST=1,1,"a${index}"`);
      assert.equal(await host.command('AT+QSMTPDST=1,1,"b"'), "+CME ERROR: 662");
    });
  });
});
