import assert from "node:assert/strict";
import { Dialogue } from "./dialogue";
import { cell, change, simCard } from "../../../lib/simulator";

/** A card that asks for a PIN. */
function locked(pin = "1234"): Dialogue {
  const dialogue = new Dialogue();
  dialogue.modem.state(simCard).pin = pin;
  return dialogue;
}

describe("The simulated module", () => {
  it("says who it is", async () => {
    const dialogue = new Dialogue({ variants: { firmware: "01.003" } });
    assert.equal(await dialogue.command("ATI"), "Quectel | EC25 | Revision: EC25EFAR06A08M4G | OK");
    assert.equal(await dialogue.command("AT+CGMI;+CGMM;+GSN"), "Quectel | EC25 | 001015000000016 | OK");
    assert.equal(await dialogue.command("AT+CGMR"), "EC25EFAR06A08M4G | OK");
    assert.equal(await dialogue.command("AT+QGMR"), "EC25EFAR06A08M4G_01.003.01.003 | OK");
  });

  it("tells its IMEI with and without header, its line settings, and the addresses of its contexts", async () => {
    const dialogue = new Dialogue();
    assert.equal(await dialogue.command("AT+GSN=1"), '+GSN: "001015000000016" | OK');
    assert.equal(await dialogue.command("AT+CGSN=0"), "001015000000016 | OK");
    assert.equal(await dialogue.command("AT+GSN=2"), "ERROR");
    assert.match(await dialogue.command("AT&V"), /^&C: 1 \| &D: 2 \| E: 0 \| .* \| S3: 13 \| .* \| OK$/);
    await dialogue.configure('AT+CGDCONT=2,"IPV4V6","reports"', "AT+QIACT=1");
    assert.equal(
      await dialogue.command("AT+CGPADDR"),
      '+CGPADDR: 1,"10.20.30.40" | +CGPADDR: 2,"0.0.0.0" | OK',
    );
    assert.equal(
      await dialogue.command("AT+CGDCONT?"),
      '+CGDCONT: 1,"IP","","0.0.0.0",0,0,0,0 | +CGDCONT: 2,"IPV4V6","reports","0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",0,0,0,0 | OK',
    );
  });

  it("follows the network also under AT+CTZU=3, and takes no 2", async () => {
    const dialogue = new Dialogue();
    await dialogue.configure("AT+CTZU=3");
    assert.equal(await dialogue.command("AT+CTZU?"), "+CTZU: 3 | OK");
    assert.equal(await dialogue.command("AT+CCLK?"), '+CCLK: "26/01/01,01:00:00+04" | OK');
    assert.equal(await dialogue.command("AT+CTZU=2"), "ERROR");
  });

  it('reports on every port under AT+QURCCFG="urcport","all", and on none of ours under "uart2"', async () => {
    const first = new Dialogue();
    const second = new Dialogue({}, first, "usbmodem");
    await first.configure('AT+QURCCFG="urcport","all"');
    first.modem.raiseUrc("+CREG: 2");
    assert.equal(await first.urc("+CREG"), "+CREG: 2");
    assert.equal(await second.urc("+CREG"), "+CREG: 2");
    await first.configure('AT+QURCCFG="urcport","uart2"');
    first.modem.raiseUrc("+CREG: 5");
    assert.equal(await first.command('AT+QURCCFG="urcport"'), '+QURCCFG: "urcport","uart2" | OK');
    assert.ok(!first.modem.log.entries.some((entry) => entry.kind === "urc" && entry.text === "+CREG: 5"));
  });

  it("serves CFUN and its like late after a start, and mail at once", async () => {
    const dialogue = new Dialogue();
    dialogue.modem.restart();
    await dialogue.urc("+QIND: PB DONE");
    await dialogue.command("ATE0");
    assert.equal(await dialogue.command("AT+CFUN?"), "ERROR");
    assert.match(await dialogue.command("AT+QSMTPCFG=?"), /OK$/);
    await dialogue.clock.advance(5000);
    assert.equal(await dialogue.command("AT+CFUN?"), "+CFUN: 1 | OK");
  });

  it("lists its commands", async () => {
    const list = await new Dialogue().command("AT+CLAC");
    for (const name of ["AT+QSMTPPUT", "AT+QFUPL", "AT+QIACT", "AT+CREG"])
      assert.ok(list.includes(name), name);
  });

  it("reports in the order of the manual after AT+CFUN=1,1", async () => {
    const dialogue = new Dialogue({ timing: { bootMs: 4000, networkMs: 1000 } });
    assert.equal(await dialogue.command("AT+CFUN=1,1"), "OK");
    assert.equal(await dialogue.urc("RDY"), "RDY");
    assert.equal(await dialogue.command("AT+CPIN?"), "AT+CPIN?\r | +CME ERROR: 14");
    const report = await dialogue.expect(/PB DONE\r\n/);
    assert.deepEqual(
      report.split("\r\n").filter((line) => line !== ""),
      ["+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE"],
    );
    assert.equal(await dialogue.command("ATE0+QINISTAT"), "ATE0+QINISTAT\r | +QINISTAT: 7 | OK");
  });

  it("reports what AT+QAPRDYIND asks for at the next start, under the other order of firmware", async () => {
    const dialogue = new Dialogue({ variants: { "ready-order": "phone-book-first", "ready-urc": "missed" } });
    assert.equal(await dialogue.command("AT+QAPRDYIND=12"), "OK");
    dialogue.write("AT+CFUN=1,1\r");
    const report = await dialogue.expect(/SMS DONE\r\n/);
    assert.match(report, /OK\s+\+APIND: ATFWD READY\s+\+APIND: QMI READY\s+\+CFUN: 1/);
    assert.ok(report.indexOf("PB DONE") < report.indexOf("SMS DONE"));
    assert.ok(!report.includes("RDY"));
  });

  it("says POWERED DOWN after AT+QPOWD and nothing more", async () => {
    const dialogue = new Dialogue();
    dialogue.write("AT+QPOWD\r");
    await dialogue.expect(/OK\r\n\r\nPOWERED DOWN\r\n/);
    dialogue.write("AT\r");
    await dialogue.clock.advance(60_000);
    assert.equal(dialogue.modem.log.lines().at(-1), "AT+QPOWD");
    dialogue.modem.powerOn();
    assert.equal(await dialogue.urc("+QIND: SMS DONE"), "+QIND: SMS DONE");
  });

  it("serves files and mails only some seconds after a start where firmware does so", async () => {
    const dialogue = new Dialogue({ variants: { "application-start": "mail" } });
    assert.equal(await dialogue.command("AT+QSMTPCLR"), "OK");
    dialogue.modem.restart();
    await dialogue.urc("RDY");
    await dialogue.command("ATE0");
    assert.equal(await dialogue.command("AT+QSMTPCLR"), "ERROR");
    assert.equal(await dialogue.command("AT+QINISTAT"), "+QINISTAT: 7 | OK");
    await dialogue.clock.advance(5000);
    assert.equal(await dialogue.command("AT+QSMTPCLR"), "OK");
  });

  it("comes up with noise on the line where it does so", async () => {
    const dialogue = new Dialogue({ variants: { "start-noise": "nul" } });
    dialogue.modem.restart();
    assert.equal(await dialogue.expect(/RDY\r\n/), "\0\0\0\r\nRDY\r\n");
  });

  it("sets its information lines apart where firmware does so", async () => {
    const dialogue = new Dialogue({ variants: { "information-framing": "separate" } });
    await dialogue.clock.advance(1);
    dialogue.write("AT+CSQ;+CFUN?\r");
    assert.match(await dialogue.expect(/CFUN: 1\r\n\r\nOK\r\n/), /99\r\n\r\n\+CFUN: 1/);
  });

  it("takes and stores a line rate, flow control and the port of reports", async () => {
    const dialogue = new Dialogue();
    assert.equal(await dialogue.command("AT+IPR?"), "+IPR: 115200 | OK");
    assert.equal(await dialogue.command("AT+IPR=1234"), "ERROR");
    assert.equal(await dialogue.command("AT+IPR=460800;+IFC=2,2;&W"), "OK");
    assert.equal(await dialogue.command("AT+IFC=1,0"), "ERROR");
    assert.equal(await dialogue.command('AT+QURCCFG="urcport","uart9"'), "ERROR");
    assert.equal(await dialogue.command('AT+QURCCFG="urcport","usbmodem"'), "OK");
    dialogue.modem.restart("powerLoss");
    await dialogue.clock.advance(1);
    assert.equal(await dialogue.command("AT+IPR?;+IFC?"), "+IPR: 460800 | +IFC: 2,2 | OK");
    assert.equal(await dialogue.command('AT+QURCCFG="urcport"'), '+QURCCFG: "urcport","usbmodem" | OK');
  });

  it("sends reports to the port that AT+QURCCFG names", async () => {
    const dialogue = new Dialogue();
    const other = new Dialogue({}, dialogue, "uart1");
    await dialogue.configure('AT+QURCCFG="urcport","uart1"');
    dialogue.modem.raiseUrc('+QIURC: "pdpdeact",1');
    assert.equal(await other.urc('+QIURC: "pdpdeact"'), '+QIURC: "pdpdeact",1');
  });
});

describe("The SIM card of the simulated module", () => {
  it("asks for its PIN, then reports and registers", async () => {
    const dialogue = locked();
    assert.equal(await dialogue.command("AT+CPIN?"), "+CPIN: SIM PIN | OK");
    assert.equal(await dialogue.command("AT+CIMI"), "+CME ERROR: 11");
    assert.equal(await dialogue.command("AT+CREG?"), "+CREG: 0,0 | OK");
    dialogue.write('AT+CPIN="1234"\r');
    const report = await dialogue.expect(/PB DONE\r\n/);
    assert.match(report, /OK\s+\+CPIN: READY\s+\+QUSIM: 1/);
    assert.equal(await dialogue.command("AT+CPIN?;+CREG?"), "+CPIN: READY | +CREG: 0,1 | OK");
    assert.equal(await dialogue.command("AT+CPIN=1234"), "+CME ERROR: 3");
  });

  it("counts wrong PINs, then wants the PUK and a new PIN", async () => {
    const dialogue = locked();
    assert.equal(await dialogue.command("AT+CPIN=0000"), "+CME ERROR: 16");
    assert.equal(await dialogue.command('AT+QPINC="SC"'), '+QPINC: "SC",2,10 | OK');
    assert.equal(await dialogue.command("AT+CPIN=0000"), "+CME ERROR: 16");
    assert.equal(await dialogue.command("AT+CPIN=0000"), "+CME ERROR: 12");
    assert.equal(await dialogue.command("AT+CPIN?"), "+CPIN: SIM PUK | OK");
    assert.equal(await dialogue.command('AT+CPIN="00000000","4321"'), "+CME ERROR: 16");
    assert.equal(await dialogue.command("AT+QPINC?"), '+QPINC: "SC",0,9 | +QPINC: "P2",3,10 | OK');
    assert.equal(await dialogue.command('AT+CPIN="12345678","4321"'), "OK");
    assert.equal(dialogue.modem.state(simCard).pin, "4321");
  });

  it("asks again after a restart, its tries kept", async () => {
    const dialogue = locked();
    await dialogue.command("AT+CPIN=0000");
    dialogue.modem.restart();
    await dialogue.urc("+CPIN: SIM PIN");
    await dialogue.command("ATE0");
    assert.equal(await dialogue.command('AT+QPINC="SC"'), '+QPINC: "SC",2,10 | OK');
  });

  it("has no tries to show where firmware lacks the command", async () => {
    assert.equal(await new Dialogue({ variants: { "key-qpinc": "absent" } }).command("AT+QPINC?"), "ERROR");
  });

  it("tells its numbers, the second one in the way of its firmware", async () => {
    assert.equal(
      await new Dialogue().command("AT+CIMI;+QCCID"),
      "001010123456789 | +QCCID: 8900101012345678901 | OK",
    );
    const tailed = new Dialogue({ variants: { "iccid-tail": "present" } });
    assert.equal(await tailed.command("AT+QCCID"), "+QCCID: 8900101012345678901F | OK");
  });

  it("is missed when it is taken out, and reported when it is back", async () => {
    const dialogue = new Dialogue();
    await dialogue.configure("AT+QSIMSTAT=1");
    change(dialogue.modem, simCard, { inserted: false });
    assert.equal(await dialogue.urc("+CPIN: NOT"), "+CPIN: NOT READY");
    assert.equal(await dialogue.command("AT+CPIN?"), "+CME ERROR: 10");
    assert.equal(await dialogue.command("AT+QSIMSTAT?;+CREG?"), "+QSIMSTAT: 1,0 | +CREG: 0,0 | OK");
    change(dialogue.modem, simCard, { inserted: true });
    assert.equal(await dialogue.urc("+QSIMSTAT:"), "+QSIMSTAT: 1,1");
    assert.equal(await dialogue.urc("+CPIN:"), "+CPIN: READY");
    await dialogue.clock.advance(1);
    assert.equal(await dialogue.command("AT+CREG?"), "+CREG: 0,1 | OK");
  });

  it("cannot be read under AT+CFUN=0", async () => {
    const dialogue = new Dialogue();
    assert.equal(await dialogue.command("AT+CFUN=0"), "OK");
    assert.equal(await dialogue.command("AT+CPIN?"), "+CME ERROR: 13");
    assert.equal(await dialogue.command("AT+CREG?"), "+CREG: 0,0 | OK");
    dialogue.write("AT+CFUN=1\r");
    await dialogue.expect(/CPIN: READY/);
    assert.equal(await dialogue.command("AT+CFUN?;+CPIN?"), "+CFUN: 1 | +CPIN: READY | OK");
  });
});

describe("The network of the simulated module", () => {
  it("reports each change with state, or state and place, or not at all", async () => {
    const dialogue = new Dialogue({ timing: { networkMs: 3000 } });
    await dialogue.configure("AT+CREG=1;+CEREG=2");
    change(dialogue.modem, cell, { rssi: 99 });
    await dialogue.expect(/\+CREG: 2\r\n\r\n\+CEREG: 2\r\n/);
    assert.equal(await dialogue.command("AT+CSQ;+COPS?"), "+CSQ: 99,99 | +COPS: 0 | OK");
    change(dialogue.modem, cell, { rssi: 10, registration: 5 });
    const report = await dialogue.expect(/\+CEREG: 5[^\r]*\r\n/);
    assert.match(report, /\+CREG: 5\r\n\r\n\+CEREG: 5,"1A2B","0C0FFEE",7\r\n$/);
    assert.ok(!report.includes("CGREG"));
  });

  it("shows a refusal", async () => {
    const dialogue = new Dialogue();
    change(dialogue.modem, cell, { registration: 3 });
    assert.equal(
      await dialogue.command("AT+CREG?;+CGREG?;+CEREG?"),
      "+CREG: 0,3 | +CGREG: 0,3 | +CEREG: 0,3 | OK",
    );
    assert.equal(await dialogue.command("AT+CGATT?"), "+CGATT: 0 | OK");
  });

  for (const [variant, creg] of [
    ["registered", 1],
    ["searching", 2],
    ["not-registered", 0],
  ] as const) {
    it(`shows ${creg} to AT+CREG? on LTE where firmware says ${variant}`, async () => {
      const dialogue = new Dialogue({ variants: { "creg-on-lte": variant } });
      assert.equal(await dialogue.command("AT+CREG?;+CEREG?"), `+CREG: 0,${creg} | +CEREG: 0,1 | OK`);
    });
  }

  it("names its operator in the format and character set asked for", async () => {
    const dialogue = new Dialogue();
    assert.equal(await dialogue.command("AT+COPS?"), '+COPS: 0,0,"Example Mobile",7 | OK');
    assert.equal(await dialogue.command("AT+COPS=3,2;+COPS?"), '+COPS: 0,2,"00101",7 | OK');
    assert.equal(
      await dialogue.command('AT+CSCS="UCS2";+COPS=3,1;+COPS?'),
      '+COPS: 0,1,"004500780061006D0070006C00650020",7 | OK',
    );
    assert.match(
      await dialogue.command('AT+CSCS="IRA";+COPS=?'),
      /^\+COPS: \(2,"Example Mobile","Example ","00101",7\),/,
    );
  });

  it("lets the operator be chosen and given up", async () => {
    const dialogue = new Dialogue();
    assert.equal(await dialogue.command('AT+COPS=1,2,"99999"'), "+CME ERROR: 30");
    assert.equal(await dialogue.command('AT+COPS=1,2,"00101";+COPS?'), '+COPS: 1,2,"00101",7 | OK');
    assert.equal(await dialogue.command("AT+COPS=2;+CREG?"), "+CREG: 0,0 | OK");
    await dialogue.configure("AT+COPS=0");
    await dialogue.clock.advance(1);
    assert.equal(await dialogue.command("AT+CREG?"), "+CREG: 0,1 | OK");
  });

  it("describes itself as the firmware does", async () => {
    const dialogue = new Dialogue({ variants: { "operator-quotes": "absent" } });
    assert.equal(await dialogue.command("AT+QNWINFO"), '+QNWINFO: "FDD LTE",00101,"LTE BAND 3",1650 | OK');
    assert.match(
      await dialogue.command('AT+QENG="servingcell"'),
      /"NOCONN","LTE","FDD",001,01,0C0FFEE,.*,1A2B,-87,-9,-67,14,40 \| OK$/,
    );
    change(dialogue.modem, cell, { accessTechnology: 2 });
    assert.match(await dialogue.command("AT+QNWINFO"), /"WCDMA"/);
    change(dialogue.modem, cell, { rssi: 99 });
    assert.equal(await dialogue.command("AT+QNWINFO"), '+QNWINFO: "NONE" | OK');
    assert.equal(await dialogue.command('AT+QENG="servingcell"'), '+QENG: "servingcell","SEARCH" | OK');
  });

  it("reports the signal when AT+QINDCFG asks for it", async () => {
    const dialogue = new Dialogue();
    change(dialogue.modem, cell, { rssi: 11 });
    await dialogue.configure('AT+QINDCFG="csq",1');
    assert.equal(await dialogue.command('AT+QINDCFG="csq"'), '+QINDCFG: "csq",1 | OK');
    change(dialogue.modem, cell, { rssi: 12 });
    assert.equal(await dialogue.urc('+QIND: "csq"'), '+QIND: "csq",12,99');
  });

  it("shows its contexts in the words of 3GPP too", async () => {
    const dialogue = new Dialogue();
    await dialogue.configure(
      'AT+CGDCONT=2,"IPV4V6","reports"',
      'AT+QICSGP=1,1,"internet","","",0',
      "AT+QIACT=1",
    );
    assert.equal(await dialogue.command("AT+QICSGP=2"), '+QICSGP: 3,"reports","","",0 | OK');
    assert.match(
      await dialogue.command("AT+CGDCONT?"),
      /^\+CGDCONT: 1,"IP","internet",.* \| \+CGDCONT: 2,"IPV4V6","reports",.* \| OK$/,
    );
    assert.equal(await dialogue.command("AT+CGACT?"), "+CGACT: 1,1 | +CGACT: 2,0 | OK");
    assert.equal(await dialogue.command("AT+CGPADDR=1"), '+CGPADDR: 1,"10.20.30.40" | OK');
    assert.equal(await dialogue.command("AT+CGDCONT=2;+CGACT?"), "+CGACT: 1,1 | OK");
    assert.equal(await dialogue.command('AT+CGDCONT=2,"X25"'), "ERROR");
  });

  it("takes the context away when the module is detached", async () => {
    const dialogue = new Dialogue();
    await dialogue.configure('AT+QICSGP=1,1,"internet","","",0', "AT+QIACT=1");
    dialogue.write("AT+CGATT=0\r");
    await dialogue.expect(/\+QIURC: "pdpdeact",1/);
    assert.equal(await dialogue.command("AT+CGATT?"), "+CGATT: 0 | OK");
  });
});

describe("The clock of the simulated module", () => {
  it("was never set, is set by hand, and goes on", async () => {
    const dialogue = new Dialogue();
    assert.match(await dialogue.command("AT+CCLK?"), /^\+CCLK: "08\/01\/04,/);
    await dialogue.configure('AT+CCLK="26/02/28,23:59:58-08"');
    await dialogue.clock.advance(3000);
    assert.equal(await dialogue.command("AT+CCLK?"), '+CCLK: "26/03/01,00:00:01-08" | OK');
  });

  for (const wrong of ["26/02/30,00:00:00+00", "26/02/28,24:00:00+00", "26/02/28,00:00:00+60", "now"]) {
    it(`does not take ${wrong}`, async () => {
      assert.equal(await new Dialogue().command(`AT+CCLK="${wrong}"`), "ERROR");
    });
  }

  it("outlives a restart and not the loss of power", async () => {
    const dialogue = new Dialogue();
    await dialogue.configure('AT+CCLK="26/02/28,10:00:00+00"');
    dialogue.modem.restart();
    await dialogue.urc("RDY");
    assert.match(await dialogue.command("AT+CCLK?"), /"26\/02\/28,/);
    dialogue.modem.restart("powerLoss");
    await dialogue.urc("RDY");
    assert.match(await dialogue.command("AT+CCLK?"), /"08\/01\/04,/);
  });

  it("follows the network under AT+CTZU=1, in its zone", async () => {
    const dialogue = new Dialogue();
    await dialogue.configure("AT+CTZU=1");
    assert.match(await dialogue.command("AT+CCLK?"), /^\+CCLK: "26\/01\/01,01:00:0\d\+04"/);
  });

  it("shows the time of the network, and nothing where it sends none", async () => {
    const dialogue = new Dialogue();
    assert.match(await dialogue.command("AT+QLTS"), /^\+QLTS: "2026\/01\/01,01:00:00\+04,0" \| OK/);
    assert.match(await dialogue.command("AT+QLTS=1"), /^\+QLTS: "2026\/01\/01,00:00:00\+04,0" \| OK/);
    change(dialogue.modem, cell, { sendsTime: false });
    assert.equal(await dialogue.command("AT+QLTS=2"), '+QLTS: "" | OK');
  });
});
