import assert from "node:assert/strict";
import { cell, internet, subscription, type VariantChoice } from "../../../lib/simulator";
import { Dialogue } from "./dialogue";

const dialogue = (variants: VariantChoice = {}, networkMs = 0): Dialogue =>
  new Dialogue({ variants, timing: { networkMs } });

describe("PDP contexts of the simulated module", () => {
  it("are defined, shown, activated, listed and deactivated", async () => {
    const host = dialogue();
    assert.equal(await host.command("AT+QICSGP=1"), '+QICSGP: 1,"","","",0 | OK');
    await host.configure('AT+QICSGP=1,1,"internet","user","pass",1');
    assert.equal(await host.command("AT+QICSGP=1"), '+QICSGP: 1,"internet","user","pass",1 | OK');
    assert.equal(await host.command("AT+QIACT?"), "OK");
    await host.configure("AT+QIACT=1");
    assert.equal(await host.command("AT+QIACT?"), '+QIACT: 1,1,1,"10.20.30.40" | OK');
    await host.configure("AT+QIDEACT=1", "AT+QIDEACT=1");
    assert.equal(await host.command("AT+QIACT?"), "OK");
  });

  it("have an address of each kind that their type asks for", async () => {
    const host = dialogue();
    await host.configure('AT+QICSGP=2,2,"six"', 'AT+QICSGP=3,3,"both"', "AT+QIACT=3", "AT+QIACT=2");
    assert.equal(
      await host.command("AT+QIACT?"),
      '+QIACT: 2,1,2,"2001:db8::29" | +QIACT: 3,1,3,"10.20.30.42","2001:db8::2a" | OK',
    );
  });

  it("have type 0 where firmware tells so of one that was never defined", async () => {
    const host = dialogue({ "undefined-context": "0" });
    assert.equal(await host.command("AT+QICSGP=5"), '+QICSGP: 0,"","","",0 | OK');
    assert.equal(await host.command("AT+QICSGP=1"), '+QICSGP: 1,"","","",0 | OK');
  });

  for (const line of [
    'AT+QICSGP=0,1,"a"',
    'AT+QICSGP=17,1,"a"',
    'AT+QICSGP=1,4,"a"',
    "AT+QICSGP=1,1,a",
    'AT+QICSGP=1,1,"a","user"',
    'AT+QICSGP=1,1,"a","user","pass",4',
    'AT+QICSGP=1,1,"a","user","pass",1,1',
    "AT+QIACT=17",
    "AT+QIACT=1,1",
    "AT+QIDEACT=0",
    'AT+QICFG="nothing"',
  ]) {
    it(`give ERROR and error 552 for ${line}`, async () => {
      const host = dialogue();
      assert.equal(await host.command(line), "ERROR");
      assert.equal(await host.command("AT+QIGETERROR"), "+QIGETERROR: 552,invalid parameters | OK");
    });
  }

  it("take the time of the network to become active and block the port meanwhile", async () => {
    const host = dialogue({}, 1500);
    const start = host.clock.now();
    await host.configure("AT+QIACT=1");
    assert.equal(host.clock.now() - start, 1500);
  });

  it("are three at most", async () => {
    const host = dialogue();
    for (const id of [2, 3, 4]) await host.configure(`AT+QICSGP=${id},1,"a"`);
    await host.configure("AT+QIACT=1", "AT+QIACT=2", "AT+QIACT=3");
    assert.equal(await host.command("AT+QIACT=4"), "ERROR");
    await host.configure("AT+QIDEACT=2", "AT+QIACT=4");
  });

  it("need a definition, all but the first", async () => {
    const host = dialogue();
    assert.equal(await host.command("AT+QIACT=5"), "ERROR");
    assert.equal(await host.command("AT+QIGETERROR"), "+QIGETERROR: 573,APN not configured | OK");
  });

  it("need what the operator asks for", async () => {
    const host = dialogue();
    Object.assign(host.modem.state(subscription), { apn: "internet", user: "u", password: "p" });
    for (const wrong of ['"other","u","p",1', '"internet","u","x",1', '"internet"']) {
      await host.configure(`AT+QICSGP=1,1,${wrong}`);
      assert.equal(await host.command("AT+QIACT=1"), "ERROR", wrong);
    }
    await host.configure('AT+QICSGP=1,1,"Internet","u","p",1', "AT+QIACT=1");
  });

  for (const [what, change] of [
    ["registration", { registration: 3 }],
    ["signal", { rssi: 99 }],
    ["the network's consent", { grantsContext: false }],
  ] as const) {
    it(`need ${what}`, async () => {
      const host = dialogue();
      Object.assign(host.modem.state(cell), change);
      host.modem.emit("surroundings");
      assert.equal(await host.command("AT+QIACT=1"), "ERROR");
      assert.equal(await host.command("AT+QIGETERROR"), "+QIGETERROR: 561,open PDP context failed | OK");
    });
  }

  it("are reported when lost and have to be given up before they come back", async () => {
    const host = dialogue();
    await host.configure("AT+QIACT=1");
    host.modem.emit("contextLost", 1);
    assert.equal(await host.urc('+QIURC: "pdpdeact"'), '+QIURC: "pdpdeact",1');
    assert.equal(await host.command("AT+QIACT?"), "OK");
    assert.equal(await host.command("AT+QIACT=1"), "ERROR");
    await host.configure("AT+QIDEACT=1", "AT+QIACT=1");
  });

  it("are all lost with the registration, each reported once", async () => {
    const host = dialogue();
    await host.configure('AT+QICSGP=2,1,"a"', "AT+QIACT=1", "AT+QIACT=2");
    host.modem.state(cell).rssi = 99;
    host.modem.emit("surroundings");
    assert.match(await host.expect(/"pdpdeact",2\r\n/), /"pdpdeact",1\r\n/);
    host.modem.emit("contextLost", undefined);
    assert.equal(await host.command("AT"), "OK");
  });

  it("are not active after a restart", async () => {
    const host = dialogue();
    await host.configure('AT+QICSGP=1,1,"internet"', "AT+QIACT=1");
    host.modem.restart();
    await host.expect(/PB DONE/);
    await host.command("ATE0");
    assert.equal(await host.command("AT+QIACT?"), "OK");
    assert.equal(await host.command("AT+QICSGP=1"), '+QICSGP: 1,"internet","","",0 | OK');
  });

  describe("where firmware differs", () => {
    for (const [value, answer] of [
      ["error", "ERROR"],
      ["ok", "OK"],
    ] as const) {
      it(`answer QIACT of an active context with ${answer}`, async () => {
        const host = dialogue({ "activate-active": value });
        await host.configure("AT+QIACT=1");
        assert.equal(await host.command("AT+QIACT=1"), answer);
      });

      it(`answer QIACT of a lost context with ${answer}`, async () => {
        const host = dialogue({ "activate-lost": value });
        await host.configure("AT+QIACT=1");
        host.modem.emit("contextLost", undefined);
        assert.equal(await host.command("AT+QIACT=1"), answer);
      });
    }

    it("forget definitions at a restart", async () => {
      const host = dialogue({ "pdp-after-restart": "lost" });
      await host.configure('AT+QICSGP=1,1,"internet"');
      host.modem.restart();
      await host.expect(/PB DONE/);
      await host.command("ATE0");
      assert.equal(await host.command("AT+QICSGP=1"), '+QICSGP: 1,"","","",0 | OK');
    });
  });
});

describe("TCP/IP helpers of the simulated module", () => {
  async function connected(): Promise<Dialogue> {
    const host = dialogue();
    Object.assign(host.modem.state(internet), {
      loopbackOnly: true,
      hosts: { "mail.example.com": "127.0.0.1" },
    });
    await host.configure("AT+QIACT=1");
    return host;
  }

  it("need an active context", async () => {
    const host = dialogue();
    for (const line of [
      'AT+QIDNSGIP=1,"mail.example.com"',
      'AT+QPING=1,"mail.example.com"',
      'AT+QNTP=1,"time.example.com"',
      "AT+QIDNSCFG=1",
    ]) {
      assert.equal(await host.command(line), "ERROR", line);
      assert.equal(await host.command("AT+QIGETERROR"), "+QIGETERROR: 572,operation not allowed | OK");
    }
  });

  it("resolve names by unsolicited lines", async () => {
    const host = await connected();
    await host.configure('AT+QIDNSGIP=1,"mail.example.com"');
    assert.equal(await host.urc('+QIURC: "dnsgip"'), '+QIURC: "dnsgip",0,1,600');
    assert.equal(await host.urc('+QIURC: "dnsgip"'), '+QIURC: "dnsgip","127.0.0.1"');
    await host.configure('AT+QIDNSGIP=1,"elsewhere.example.com"');
    assert.equal(await host.urc('+QIURC: "dnsgip"'), '+QIURC: "dnsgip",565');
  });

  it("ping", async () => {
    const host = await connected();
    await host.configure('AT+QPING=1,"mail.example.com",4,2');
    assert.equal(await host.urc("+QPING: "), '+QPING: 0,"127.0.0.1",32,60,255');
    assert.equal(await host.urc("+QPING: "), '+QPING: 0,"127.0.0.1",32,60,255');
    assert.equal(await host.urc("+QPING: "), "+QPING: 0,2,2,0,60,60,60");
    const start = host.clock.now();
    await host.configure('AT+QPING=1,"192.0.2.1",3,2');
    assert.match(
      await host.expect(/\+QPING: 0,[^\r]*\r\n/),
      /\+QPING: 569\r\n\r\n\+QPING: 569\r\n\r\n\+QPING: 0,2,0,2,0,0,0\r\n/,
    );
    assert.equal(host.clock.now() - start, 6000);
  });

  it("take the time from a time server and set the clock", async () => {
    const host = await connected();
    await host.configure('AT+QNTP=1,"mail.example.com"');
    assert.match(await host.urc("+QNTP: "), /^\+QNTP: 0,"2026\/01\/01,00:00:\d\d\+00"$/);
    assert.match(await host.command("AT+CCLK?"), /\+CCLK: "26\/01\/01,00:00:/);
    await host.configure('AT+QNTP=1,"192.0.2.1"');
    assert.equal(await host.urc("+QNTP: "), "+QNTP: 569");
  });

  it("leave the clock alone when told so", async () => {
    const host = await connected();
    await host.configure('AT+QNTP=1,"mail.example.com",123,0');
    await host.urc("+QNTP: ");
    assert.match(await host.command("AT+CCLK?"), /\+CCLK: "08\//);
  });

  it("keep name servers and QICFG settings", async () => {
    const host = await connected();
    await host.configure('AT+QIDNSCFG=1,"192.0.2.1"', 'AT+QICFG="transpktsize",512');
    assert.equal(await host.command("AT+QIDNSCFG=1"), '+QIDNSCFG: 1,"192.0.2.1","192.0.2.54" | OK');
    assert.equal(await host.command('AT+QICFG="TransPktSize"'), '+QICFG: "transpktsize",512 | OK');
    assert.equal(await host.command('AT+QICFG="tcp/retranscfg"'), '+QICFG: "tcp/retranscfg",8,600 | OK');
    assert.equal(await host.command('AT+QICFG="transpktsize",1461'), "ERROR");
    assert.match(await host.command("AT+QICFG=?"), /"transwaittm",\(0-20\)/);
  });
});
