/**
 * The command lines of two public mail clients for the UC20 (Arduino libraries UC20_SMTP and SMTP), in their order, with what
 * they wait for. They end their lines with CR LF and know nothing of lengths beyond what they send.
 */
import assert from "node:assert/strict";
import { internet } from "../../../lib/simulator";
import { MailServer } from "../../support/mail-server";
import { Dialogue } from "./dialogue";

type Step = readonly [sent: string, awaited: RegExp];

const BODY = "Level too high.\r\nPump 7";

describe("Public mail clients for the UC20 at the simulated module", () => {
  let server: MailServer;
  afterEach(() => server.stop());

  const ready = async (): Promise<Dialogue> => {
    server = await MailServer.start({ auth: { user: "pump7", password: "secret" } });
    const host = new Dialogue();
    host.modem.state(internet).hosts = { "mail.example.com": "127.0.0.1" };
    await host.configure('AT+QICSGP=1,1,"internet"', "AT+QIACT=1");
    return host;
  };

  const play = async (host: Dialogue, steps: readonly Step[]): Promise<void> => {
    for (const [sent, awaited] of steps) {
      host.write(`${sent}\r\n`);
      await host.expect(awaited);
    }
  };

  it("are served when the body's length is told", async () => {
    const host = await ready();
    await play(host, [
      ['AT+QSMTPCFG="contextid",1', /OK/],
      ['AT+QSMTPCFG="ssltype",0', /OK/],
      [`AT+QSMTPCFG="smtpserver","mail.example.com",${server.port}`, /OK/],
      ['AT+QSMTPCFG="account","pump7","secret"', /OK/],
      ['AT+QSMTPCFG="sender","Pump 7","pump7@example.com"', /OK/],
      ["AT+QSMTPCLR", /OK/],
      ['AT+QSMTPDST=1,1,"duty@example.com"', /OK/],
      ['AT+QSMTPDST=1,2,"boss@example.com"', /OK/],
      ['AT+QSMTPSUB=0,"Pump 7 alarm"', /OK/],
      [`AT+QSMTPBODY=0,${BODY.length},60`, /CONNECT\r\n/],
    ]);
    host.write(BODY);
    await host.expect(new RegExp(`\\+QSMTPBODY: ${BODY.length}\\r\\n\\r\\nOK`));
    await play(host, [
      ["AT+QSMTPDST?", /\+QSMTPDST: 1,"duty@example\.com"\r\n\+QSMTPDST: 2,"boss@example\.com"\r\n/],
      ["AT+QSMTPSUB?", /\+QSMTPSUB: 0,"Pump 7 alarm"/],
      ["AT+QSMTPPUT=300", /OK/],
    ]);
    assert.equal(await host.urc("+QSMTPPUT:"), "+QSMTPPUT: 0,0");
    const { to, parsed } = await server.waitForMail();
    assert.deepEqual(to, ["duty@example.com", "boss@example.com"]);
    assert.equal(parsed.text?.trim().replaceAll("\r\n", "\n"), BODY.replaceAll("\r\n", "\n"));
  });

  it("are served when the body ends by +++ between two silences", async () => {
    const host = await ready();
    await play(host, [
      ['AT+QSMTPCFG="ssltype",0', /OK/],
      ['AT+QSMTPCFG="contextid",1', /OK/],
      [`AT+QSMTPCFG="smtpserver","mail.example.com",${server.port}`, /OK/],
      ['AT+QSMTPCFG="account","pump7","secret"', /OK/],
      ['AT+QSMTPCFG="sender","Pump 7","pump7@example.com"', /OK/],
      ["AT+QSMTPDST=0", /OK/],
      ['AT+QSMTPDST=1,1,"duty@example.com"', /OK/],
      ['AT+QSMTPSUB=0,"Pump 7 alarm"', /OK/],
      ["AT+QSMTPBODY=0,10240,3", /CONNECT\r\n/],
    ]);
    host.write(`${BODY}\r\n`);
    await host.clock.advance(1100);
    host.write("+++");
    await host.clock.advance(1100);
    await host.expect(new RegExp(`\\+QSMTPBODY: ${BODY.length + 2}\\r\\n\\r\\nOK`));
    await play(host, [["AT+QSMTPPUT=300", /OK/]]);
    assert.equal(await host.urc("+QSMTPPUT:"), "+QSMTPPUT: 0,0");
    assert.equal((await server.waitForMail()).parsed.subject, "Pump 7 alarm");
  });

  it("find the settings of TLS that they give", async () => {
    const host = await ready();
    await play(host, [
      ['AT+QSMTPCFG="ssltype",2', /OK/],
      ['AT+QSMTPCFG="sslctxid",1', /OK/],
      ['AT+QSSLCFG="ciphersuite",1,0xffff', /OK/],
      ['AT+QSSLCFG="seclevel",1,0', /OK/],
      ['AT+QSSLCFG="sslversion",1,1', /OK/],
      ['AT+QSSLCFG="sslversion",1', /\+QSSLCFG: "sslversion",1,1\r\n/],
    ]);
  });
});
