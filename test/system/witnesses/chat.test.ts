/**
 * chat(8), the dialler of pppd, plays a whole mail by hand: body and attachment in data mode, then sending.
 *
 * It knows nothing of these commands; it waits for a text and sends the next one.
 */
import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { SimulatedModem } from "../../../lib/simulator";
import { servePty } from "../../../lib/simulator/serve/pty-server";
import { MailServer } from "../../support/mail-server";
import { inTemporaryFolder, run, tool, type Outcome } from "./tools";

const body = "Level too high.";
const file = "1234567890";

/** What to wait for, and what to send then; `\c` keeps chat from sending a CR behind data. */
function dialogue(port: number): readonly (readonly [awaited: string, sent: string])[] {
  return [
    ["", "ATE1"],
    ["OK", 'AT+QICSGP=1,1,"internet","","",0'],
    ["OK", "AT+QIACT=1"],
    ["OK", 'AT+QSMTPCFG="contextid",1'],
    ["OK", 'AT+QSMTPCFG="ssltype",0'],
    ["OK", `AT+QSMTPCFG="smtpserver","127.0.0.1",${port}`],
    ["OK", 'AT+QSMTPCFG="account","pump7","secret"'],
    ["OK", 'AT+QSMTPCFG="sender","Pump 7","pump7@example.com"'],
    ["OK", "AT+QSMTPCLR"],
    ["OK", 'AT+QSMTPDST=1,1,"duty@example.com"'],
    ["OK", 'AT+QSMTPSUB=0,"Pump 7 alarm"'],
    ["OK", `AT+QSMTPBODY=0,${body.length},60`],
    ["CONNECT", `${body}\\c`],
    ["+QSMTPBODY: 15", "\\c"],
    ["OK", `AT+QFUPL="RAM:log.csv",${file.length},30`],
    ["CONNECT", `${file}\\c`],
    ["+QFUPL: 10,3938", "\\c"],
    ["OK", 'AT+QSMTPATT=1,1,"RAM:log.csv"'],
    ["OK", "AT+QSMTPPUT=300"],
    ["OK", "\\c"],
    ["+QSMTPPUT: 0,0", 'AT+QFDEL="RAM:log.csv"'],
    ["OK", "\\c"],
  ];
}

describe("chat", () => {
  it("writes body and attachment in data mode, sends the mail, and it arrives", async () => {
    const server = await MailServer.start({ auth: { user: "pump7", password: "secret" } });
    try {
      const { code, output } = await play(dialogue(server.port).flat());
      assert.equal(code, 0, output);
      const { parsed, to } = await server.waitForMail();
      assert.deepEqual(to, ["duty@example.com"]);
      assert.equal(parsed.subject, "Pump 7 alarm");
      assert.equal(parsed.text?.trim(), body);
      assert.equal(parsed.attachments[0]?.filename, "log.csv");
      assert.equal(parsed.attachments[0]?.content.toString(), file);
    } finally {
      await server.stop();
    }
  });

  it("gives up with its own code when the module refuses a command", async () => {
    const { code, output } = await play(["ABORT", "ERROR", "", "AT+QSMTPPUT=1", "OK"]);
    assert.equal(code, 4, output);
  });
});

async function play(steps: readonly string[]): Promise<Outcome> {
  const chat = tool("chat", "ppp");
  tool("socat", "socat");
  let outcome: Outcome = { code: null, output: "" };
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "modem");
    const served = await servePty(new SimulatedModem({ timing: { thinkingMs: 1 } }), path);
    const terminal = await open(path, "r+");
    try {
      outcome = await run(chat, ["-s", "-v", "-t", "10", ...steps], { terminal: terminal.fd });
    } finally {
      await terminal.close();
      await served.close();
    }
  });
  return outcome;
}
