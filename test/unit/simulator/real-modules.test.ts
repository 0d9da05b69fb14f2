/** What real modules and networks did to their users, as the simulated one can be made to do it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { simpleParser } from "mailparser";
import {
  cell,
  change,
  internet,
  SimulatedModem,
  subscription,
  type VariantChoice,
} from "../../../lib/simulator";
import { serveTcp } from "../../../lib/simulator/serve/tcp-server";
import { MemoryMailServer } from "../../support/memory-mail-server";
import { Dialogue, type DialogueOptions } from "./dialogue";

/** A module with a mail that can go out. */
async function withMail(options: DialogueOptions = {}): Promise<Dialogue> {
  const host = new Dialogue(options);
  host.modem.state(internet).mailServer = new MemoryMailServer().take;
  await host.configure("AT+CMEE=1", "AT+QIACT=1");
  await prepare(host);
  return host;
}

async function prepare(host: Dialogue): Promise<void> {
  await host.configure(
    'AT+QSMTPCFG="smtpserver","mail.example.com",25',
    'AT+QSMTPCFG="sender","Pump 7","pump7@example.com"',
    'AT+QSMTPDST=1,1,"duty@example.com"',
  );
}

async function put(host: Dialogue): Promise<string> {
  await host.configure("AT+QSMTPPUT=300");
  return host.urc("+QSMTPPUT: ");
}

async function restarted(host: Dialogue, last = "+QIND: PB DONE"): Promise<void> {
  host.modem.restart();
  await host.urc(last);
  await host.command("ATE0+CMEE=1");
}

describe("The simulated module, broken as real ones were", () => {
  for (const err of [654, 656, 658, 662, 665]) {
    it(`ends each mail with ${err} from the third on although its context looks healthy, until a restart`, async () => {
      const host = await withMail({
        faults: [{ at: { command: "+QSMTPPUT", nth: 3 }, fault: { kind: "deadStack", err } }],
      });
      const results = [await put(host), await put(host), await put(host), await put(host)];
      assert.deepEqual(results, [
        "+QSMTPPUT: 0,0",
        "+QSMTPPUT: 0,0",
        `+QSMTPPUT: ${err},0`,
        `+QSMTPPUT: ${err},0`,
      ]);
      assert.match(await host.command("AT+QIACT?"), /^\+QIACT: 1,1,/);
      await host.configure('AT+QIOPEN=1,0,"TCP","127.0.0.1",25');
      assert.equal(await host.urc("+QIOPEN"), "+QIOPEN: 0,566");
      await host.configure("AT+QIDEACT=1", "AT+QIACT=1");
      assert.equal(await put(host), `+QSMTPPUT: ${err},0`);
      await restarted(host);
      await host.configure("AT+QIACT=1");
      await prepare(host);
      assert.equal(await put(host), "+QSMTPPUT: 0,0");
    });
  }

  it("does not see its card after a restart, until the next one", async () => {
    const host = await withMail({ faults: [{ at: { start: "module" }, fault: { kind: "cardLost" } }] });
    await restarted(host, "+CPIN: NOT INSERTED");
    assert.equal(await host.command("AT+CPIN?"), "+CME ERROR: 13");
    assert.equal(await host.command("AT+CREG?"), "+CREG: 0,0 | OK");
    await restarted(host);
    assert.equal(await host.command("AT+CPIN?"), "+CPIN: READY | OK");
  });

  it("does not serve mail after a restart, until the next one", async () => {
    const host = await withMail({
      faults: [{ at: { start: "module" }, fault: { kind: "deadApplication" } }],
    });
    await restarted(host);
    await host.clock.advance(3600_000);
    for (const line of ["AT+QSMTPCFG=?", "AT+QIACT?", "AT+QFLDS"])
      assert.equal(await host.command(line), "ERROR");
    assert.match(await host.command("AT+CSQ"), /OK$/);
    await restarted(host);
    assert.match(await host.command("AT+QSMTPCFG=?"), /OK$/);
  });

  it("refuses a command once right after RDY", async () => {
    const host = new Dialogue({
      faults: [{ at: { command: "+IFC" }, fault: { kind: "result", result: { kind: "cme", code: 14 } } }],
    });
    await host.command("AT+CMEE=1");
    assert.equal(await host.command("AT+IFC=2,2"), "+CME ERROR: 14");
    assert.equal(await host.command("AT+IFC=2,2"), "OK");
  });

  for (const [ramStorage, answer] of [
    ["406", "+CME ERROR: 406"],
    ["400", "+CME ERROR: 400"],
    ["3", "+CME ERROR: 3"],
    ["error", "ERROR"],
  ] as const) {
    it(`has no RAM: and says so by ${answer}`, async () => {
      const host = new Dialogue({ variants: { "ram-storage": ramStorage } });
      await host.command("AT+CMEE=1");
      for (const line of [
        'AT+QFUPL="RAM:a.txt",4,10',
        'AT+QFLDS="RAM"',
        'AT+QFDEL="RAM:*"',
        'AT+QFOPEN="RAM:a",0',
      ])
        assert.equal(await host.command(line), answer, line);
      assert.match(await host.commandWithData('AT+QFUPL="a.txt",4,10', "fact"), /\+QFUPL: 4,.* \| OK$/);
    });
  }

  it("knows no handles", async () => {
    const host = new Dialogue({ variants: { "file-handles": "absent" } });
    for (const line of ["AT+QFOPEN=?", "AT+QFOPEN?", 'AT+QFOPEN="empty.txt",1'])
      assert.equal(await host.command(line), "ERROR", line);
  });

  it("says twice that there is no card, then that it is busy, then READY", async () => {
    const host = new Dialogue({ variants: { "card-start": "unsure" } });
    host.modem.restart();
    await host.urc("RDY");
    await host.command("ATE0+CMEE=1");
    const answers: string[] = [];
    for (let asked = 0; asked < 4; asked++) answers.push(await host.command("AT+CPIN?"));
    assert.deepEqual(answers, ["+CME ERROR: 10", "+CME ERROR: 10", "+CME ERROR: 14", "+CME ERROR: 14"]);
    const began = host.clock.now();
    assert.equal(await host.urc("+CPIN"), "+CPIN: READY");
    assert.ok(host.clock.now() - began <= 500);
  });

  it("is registered for calls and denied for data", async () => {
    const host = new Dialogue();
    change(host.modem, cell, { dataRegistration: 3 });
    assert.equal(await host.command("AT+CREG?"), "+CREG: 0,1 | OK");
    assert.equal(await host.command("AT+CGREG?"), "+CGREG: 0,3 | OK");
    assert.equal(await host.command("AT+CEREG?"), "+CEREG: 0,3 | OK");
    assert.equal(await host.command("AT+QIACT=1"), "ERROR");
    assert.match(await host.command("AT+QIGETERROR"), /^\+QIGETERROR: 561,/);
  });

  it("has a card with one context only, and another holds it", async () => {
    const host = new Dialogue();
    host.modem.state(subscription).mostContexts = 1;
    await host.configure('AT+QICSGP=2,1,"other"', "AT+QIACT=2");
    assert.equal(await host.command("AT+QIACT=1"), "ERROR");
    assert.match(await host.command("AT+QIGETERROR"), /^\+QIGETERROR: 572,/);
    assert.equal(await host.command("AT+CGACT?"), "+CGACT: 1,0 | +CGACT: 2,1 | OK");
  });

  it("gives the result of a mail in front of OK", async () => {
    const host = await withMail({ timing: { airMs: 2000 }, variants: { "put-result": "before-ok" } });
    assert.equal(await host.command("AT+QSMTPPUT=300"), "+QSMTPPUT: 0,0 | OK");
  });

  it("tells its operator in UCS2, and an upload that is late by a line and an error", async () => {
    const host = new Dialogue({ variants: { "operator-coding": "ucs2", "upload-timeout": "line-421" } });
    await host.command("AT+CMEE=1");
    assert.match(
      await host.command("AT+COPS?"),
      /^\+COPS: 0,0,"004500780061006D0070006C0065[0-9A-F]*",7 \| OK$/,
    );
    assert.equal(
      await host.commandWithData('AT+QFUPL="a.txt",9,5', "late"),
      "+QFUPL: 4,1804 | +CME ERROR: 421",
    );
  });
});

describe("The simulated module, spoiling mails as Quectel's RTOS family was seen to", () => {
  async function bench(variants: VariantChoice) {
    const server = new MemoryMailServer();
    const host = await withMail({ variants });
    host.modem.state(internet).mailServer = server.take;
    return { host, server };
  }

  it("repeats the first 3072 bytes of a longer body, and reports success", async () => {
    const { host, server } = await bench({ "long-body": "repeats" });
    const body = `${"a".repeat(3072)}${"b".repeat(3072)}c`;
    await host.commandWithData(`AT+QSMTPBODY=0,${body.length}`, body);
    assert.equal(await put(host), "+QSMTPPUT: 0,0");
    const { text } = await simpleParser(Buffer.from(server.received[0]?.text ?? "", "latin1"));
    assert.equal(text?.trim(), "a".repeat(6145));
    const short = "d".repeat(3072);
    await host.commandWithData(`AT+QSMTPBODY=0,${short.length}`, short);
    await put(host);
    const second = await simpleParser(Buffer.from(server.received[1]?.text ?? "", "latin1"));
    assert.equal(second.text?.trim(), short);
  });

  it("sends an empty mail for a subject of exactly 100 bytes, and reports success", async () => {
    const { host, server } = await bench({ "full-subject": "empties" });
    for (const length of [99, 100]) {
      await host.configure(`AT+QSMTPSUB=0,"${"s".repeat(length)}"`);
      assert.equal(await put(host), "+QSMTPPUT: 0,0");
    }
    assert.deepEqual(
      server.received.map(({ text }) => text === ""),
      [false, true],
    );
  });

  it("sends an empty mail for an attachment that is empty or gone, and reports 682", async () => {
    const { host, server } = await bench({ "bad-attachment": "empties" });
    await host.command('AT+QFOPEN="empty.txt",1');
    await host.command("AT+QFCLOSE=1");
    await host.configure('AT+QSMTPATT=1,1,"empty.txt"');
    assert.equal(await put(host), "+QSMTPPUT: 682,651");
    await host.configure('AT+QFDEL="empty.txt"');
    assert.equal(await put(host), "+QSMTPPUT: 682,661");
    assert.deepEqual(
      server.received.map(({ text }) => text),
      ["", ""],
    );
  });
});

describe("A serial server that speaks Telnet", () => {
  it("negotiates at connect, doubles 255 towards the client, and takes escapes out of what it sends", async () => {
    const modem = new SimulatedModem();
    const served = await serveTcp(modem, { tcpPort: 0, telnet: true });
    const line = connect(served.tcpPort, "127.0.0.1");
    let received = Buffer.alloc(0);
    const until = async (end: string): Promise<Buffer> => {
      while (!received.includes(end, 0, "latin1")) await once(line, "data");
      const taken = received;
      received = Buffer.alloc(0);
      return taken;
    };
    line.on("data", (bytes: Buffer) => (received = Buffer.concat([received, bytes])));
    try {
      line.write("ATE0\r");
      assert.deepEqual([...(await until("OK\r\n")).subarray(0, 3)], [255, 251, 1]);
      line.write('AT+QFUPL="RAM:a",4,10\r');
      await until("CONNECT\r\n");
      // An option refused in the middle, a window size told, and two bytes of 255.
      line.write(Buffer.from([1, 255, 254, 1, 255, 255, 255, 250, 31, 0, 80, 255, 240, 255, 255, 2]));
      await until("OK\r\n");
      line.write('AT+QFDWL="RAM:a"\r');
      const down = await until("+QFDWL: 4");
      assert.ok(down.includes(Buffer.from([1, 255, 255, 255, 255, 2])));
    } finally {
      line.destroy();
      modem.powerOff();
      await served.close();
    }
  });
});
