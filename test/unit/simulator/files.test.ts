import assert from "node:assert/strict";
import fc from "fast-check";
import { fileChecksum } from "../../../lib/simulator/module/file-store";
import { storageSizes, type VariantChoice } from "../../../lib/simulator";
import { Dialogue } from "./dialogue";

const CERTIFICATE_LINE = "-----BEGIN CERTIFICATE-----\r";

async function dialogue(variants: VariantChoice = {}): Promise<Dialogue> {
  const host = new Dialogue({ variants });
  await host.configure("AT+CMEE=1");
  return host;
}

describe("the checksum of file transfers", () => {
  for (const [content, sum] of [
    ["1234567890", 0x3938],
    ["A", 0x4100],
    ["AB", 0x4142],
    ["AAAA", 0],
    [CERTIFICATE_LINE, 0x6c53],
  ] as const) {
    it(`of ${JSON.stringify(content)} is ${sum.toString(16)}`, () => {
      assert.equal(fileChecksum(Buffer.from(content)), sum);
    });
  }

  it("of two joined pieces is the XOR of theirs when the first has an even length", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        const even = one.subarray(0, one.length - (one.length % 2));
        assert.equal(fileChecksum(Buffer.concat([even, other])), fileChecksum(even) ^ fileChecksum(other));
      }),
    );
  });
});

describe("FILE commands of the simulated module", () => {
  it("take a file, list it, show the room it takes, and delete it", async () => {
    const host = await dialogue();
    host.modem.state(storageSizes).RAM = 1000;
    assert.equal(
      await host.commandWithData('AT+QFUPL="RAM:log.csv",10,30', "1234567890"),
      "+QFUPL: 10,3938 | OK",
    );
    assert.equal(await host.command('AT+QFLST="RAM:*"'), '+QFLST: "RAM:log.csv",10,10 | OK');
    assert.equal(await host.command('AT+QFLDS="RAM"'), "+QFLDS: 990,1000,990 | OK");
    assert.equal(await host.command('AT+QFDEL="RAM:log.csv"'), "OK");
    assert.equal(await host.command('AT+QFLST="RAM:*"'), "OK");
  });

  it("keep flash and RAM apart", async () => {
    const host = await dialogue();
    await host.commandWithData('AT+QFUPL="ca.pem",2', "AB");
    await host.commandWithData('AT+QFUPL="RAM:ca.pem",3', "ABC");
    assert.equal(await host.command("AT+QFLST"), '+QFLST: "ca.pem",2 | OK');
    assert.equal(await host.command('AT+QFLST="UFS:ca.pem"'), '+QFLST: "ca.pem",2 | OK');
    assert.equal(await host.command('AT+QFLST="RAM:ca.pem"'), '+QFLST: "RAM:ca.pem",3,3 | OK');
    assert.equal(await host.command("AT+QFLDS"), "+QFLDS: 2,1 | OK");
  });

  it("lose RAM files and keep flash files over a restart", async () => {
    const host = await dialogue();
    await host.commandWithData('AT+QFUPL="kept.txt",1', "A");
    await host.commandWithData('AT+QFUPL="RAM:lost.txt",1', "A");
    host.modem.restart();
    await host.expect(/PB DONE/);
    await host.command("ATE0");
    assert.equal(await host.command("AT+QFLST"), '+QFLST: "kept.txt",1 | OK');
    assert.equal(await host.command('AT+QFLST="RAM:*"'), "OK");
  });

  for (const [line, error] of [
    ['AT+QFUPL="a.txt",0', 400],
    ['AT+QFUPL="a.txt",5,0', 400],
    ['AT+QFUPL="a.txt",5,5,2', 400],
    ['AT+QFUPL="a.txt",5,5,1,1', 400],
    ["AT+QFUPL=a.txt,5", 400],
    ['AT+QFUPL="",5', 406],
    ['AT+QFUPL="SD:a.txt",5', 406],
    ['AT+QFUPL="a*.txt",5', 406],
    [`AT+QFUPL="${"a".repeat(81)}",5`, 406],
    ['AT+QFUPL="RAM:big.bin",647669', 420],
    ['AT+QFDWL="none.txt"', 405],
    ['AT+QFDEL="none.txt"', 405],
    ['AT+QFLDS="SD"', 400],
    ["AT+QFREAD=7", 416],
    ['AT+QFOPEN="none.txt",2', 405],
    ['AT+QFOPEN="a.txt",3', 400],
    ['AT+QFMOV="none.txt","b.txt"', 405],
  ] as const) {
    it(`refuse ${line.length > 60 ? "a name of 81 characters" : line} with ${error}`, async () => {
      const host = await dialogue();
      assert.equal(await host.command(line), `+CME ERROR: ${error}`);
    });
  }

  it("take a name of 80 characters", async () => {
    const host = await dialogue();
    assert.match(await host.commandWithData(`AT+QFUPL="${"a".repeat(80)}",1`, "A"), /OK$/);
  });

  it("refuse a name that is there with 407, before any CONNECT", async () => {
    const host = await dialogue();
    await host.commandWithData('AT+QFUPL="a.txt",1', "A");
    assert.equal(await host.command('AT+QFUPL="a.txt",1'), "+CME ERROR: 407");
  });

  it("leave the name behind in flash when a restart cuts an upload off", async () => {
    const host = await dialogue();
    host.write('AT+QFUPL="a.txt",100,60\r');
    await host.expect(/CONNECT\r\n/);
    host.write("some");
    host.modem.restart();
    await host.expect(/PB DONE/);
    await host.command("ATE0");
    await host.configure("AT+CMEE=1");
    assert.equal(await host.command('AT+QFUPL="a.txt",100'), "+CME ERROR: 407");
  });

  describe("in acknowledged mode", () => {
    for (const [size, acks] of [
      [1023, 0],
      [1024, 1],
      [2048, 2],
      [3000, 2],
    ] as const) {
      it(`send ${acks} times A for ${size} bytes`, async () => {
        const host = await dialogue();
        const answer = await host.commandWithData(`AT+QFUPL="a.bin",${size},60,1`, Buffer.alloc(size, 0x42));
        const sum = fileChecksum(Buffer.alloc(size, 0x42)).toString(16);
        assert.equal(answer, `${acks > 0 ? `${"A".repeat(acks)} | ` : ""}+QFUPL: ${size},${sum} | OK`);
      });
    }
  });

  it("keep what has come when the time of an upload is over", async () => {
    const host = await dialogue();
    const start = host.clock.now();
    assert.equal(await host.commandWithData('AT+QFUPL="a.txt",10,7', "AB"), "+QFUPL: 2,4142 | OK");
    assert.equal(host.clock.now() - start, 7000);
    assert.equal(await host.command("AT+QFLST"), '+QFLST: "a.txt",2 | OK');
  });

  it("end an upload at +++ between silences", async () => {
    const host = await dialogue();
    host.write('AT+QFUPL="a.txt",10,60\r');
    await host.expect(/CONNECT\r\n/);
    host.write("AB");
    await host.clock.advance(1100);
    host.write("+++");
    assert.match(await host.expect(/OK\r\n/), /\+QFUPL: 2,4142/);
  });

  it("give a file back as it was", async () => {
    const host = await dialogue();
    await host.commandWithData('AT+QFUPL="a.txt",4', "\r\nOK");
    host.write('AT+QFDWL="a.txt"\r');
    assert.equal(
      await host.expect(/\r\n\r\nOK\r\n$/),
      `\r\nCONNECT\r\n\r\nOK\r\n+QFDWL: 4,${(0x0d0a ^ 0x4f4b).toString(16)}\r\n\r\nOK\r\n`,
    );
  });

  describe("on open files", () => {
    it("write, seek, read, truncate and close", async () => {
      const host = await dialogue();
      assert.equal(await host.command('AT+QFOPEN="a.txt"'), "+QFOPEN: 1 | OK");
      assert.equal(await host.commandWithData("AT+QFWRITE=1,6", "ABCDEF"), "+QFWRITE: 6,6 | OK");
      assert.equal(await host.command("AT+QFPOSITION=1"), "+QFPOSITION: 6 | OK");
      assert.equal(await host.command("AT+QFREAD=1"), "+CME ERROR: 402");
      assert.equal(await host.command("AT+QFSEEK=1,2"), "OK");
      host.write("AT+QFREAD=1,3\r");
      assert.equal(await host.expect(/OK\r\n$/), "\r\nCONNECT 3\r\nCDE\r\nOK\r\n");
      assert.equal(await host.command("AT+QFSEEK=1,1,1"), "OK");
      assert.equal(await host.command("AT+QFSEEK=1,7"), "+CME ERROR: 401");
      assert.equal(await host.command("AT+QFSEEK=1,4,2"), "OK");
      assert.equal(await host.command("AT+QFTUCAT=1"), "OK");
      assert.equal(await host.command("AT+QFOPEN?"), '+QFOPEN: "a.txt",1,0 | OK');
      assert.equal(await host.command('AT+QFDEL="a.txt"'), "+CME ERROR: 426");
      assert.equal(await host.command("AT+QFCLOSE=1"), "OK");
      assert.equal(await host.command("AT+QFLST"), '+QFLST: "a.txt",2 | OK');
    });

    it("give RAM files handles from 3000 and refuse writing to a file opened for reading", async () => {
      const host = await dialogue();
      await host.commandWithData('AT+QFUPL="RAM:a.txt",1', "A");
      assert.equal(await host.command('AT+QFOPEN="RAM:a.txt",2'), "+QFOPEN: 3000 | OK");
      assert.equal(await host.command('AT+QFOPEN="RAM:a.txt",2'), "+CME ERROR: 426");
      assert.equal(await host.command("AT+QFWRITE=3000,1"), "+CME ERROR: 414");
      assert.equal(await host.command("AT+QFTUCAT=3000"), "+CME ERROR: 414");
    });

    it("are ten at most", async () => {
      const host = await dialogue();
      for (let index = 1; index <= 10; index++) {
        assert.equal(await host.command(`AT+QFOPEN="${index}.txt"`), `+QFOPEN: ${index} | OK`);
      }
      assert.equal(await host.command('AT+QFOPEN="11.txt"'), "+CME ERROR: 413");
    });
  });

  it("move, copy and overwrite, but not from flash to RAM", async () => {
    const host = await dialogue();
    await host.commandWithData('AT+QFUPL="RAM:a.txt",2', "AB");
    assert.equal(await host.command('AT+QFMOV="RAM:a.txt","b.txt",1'), "OK");
    assert.equal(await host.command('AT+QFMOV="RAM:a.txt","b.txt"'), "+CME ERROR: 407");
    assert.equal(await host.command('AT+QFMOV="RAM:a.txt","b.txt",0,1'), "OK");
    assert.equal(await host.command('AT+QFMOV="b.txt","RAM:c.txt"'), "+CME ERROR: 404");
    assert.equal(await host.command("AT+QFLST"), '+QFLST: "b.txt",2 | OK');
    assert.equal(await host.command('AT+QFLST="RAM:*"'), "OK");
  });

  it("delete by pattern", async () => {
    const host = await dialogue();
    for (const name of ["a.txt", "b.txt", "ca.pem"]) await host.commandWithData(`AT+QFUPL="${name}",1`, "A");
    assert.equal(await host.command('AT+QFDEL="*.txt"'), "OK");
    assert.equal(await host.command("AT+QFLST"), '+QFLST: "ca.pem",1 | OK');
  });

  describe("where firmware differs", () => {
    const cases = [
      [{ "missing-file": "418" }, 'AT+QFDEL="none.txt"', "+CME ERROR: 418"],
      [{ "delete-empty-store": "ok" }, 'AT+QFDEL="RAM:*"', "OK"],
      [{ "delete-empty-store": "405" }, 'AT+QFDEL="RAM:*"', "+CME ERROR: 405"],
      [{ "list-nothing": "405" }, 'AT+QFLST="RAM:*"', "+CME ERROR: 405"],
      [{ "list-nothing": "417" }, "AT+QFLST", "+CME ERROR: 417"],
      [{ "list-nothing": "418" }, 'AT+QFLST="none.txt"', "+CME ERROR: 418"],
      [{ "no-room": "423" }, 'AT+QFUPL="RAM:b.bin",9999999', "+CME ERROR: 423"],
      [{ "no-room": "403" }, 'AT+QFUPL="RAM:b.bin",9999999', "+CME ERROR: 403"],
      [{ "first-handle": "0" }, 'AT+QFOPEN="a.txt"', "+QFOPEN: 0 | OK"],
    ] as const satisfies readonly (readonly [VariantChoice, string, string])[];
    for (const [variants, line, answer] of cases) {
      it(`answer ${line} with ${answer} under ${JSON.stringify(variants)}`, async () => {
        assert.equal(await (await dialogue(variants)).command(line), answer);
      });
    }

    it("list RAM files without their reserved size", async () => {
      const host = await dialogue({ "list-ram-size": "absent" });
      await host.commandWithData('AT+QFUPL="RAM:a.txt",1', "A");
      assert.equal(await host.command('AT+QFLST="RAM:*"'), '+QFLST: "RAM:a.txt",1 | OK');
    });

    it("print the checksum with four digits in upper case", async () => {
      const host = await dialogue({ "checksum-form": "padded" });
      assert.equal(await host.commandWithData('AT+QFUPL="a",2', "\u0000J"), "+QFUPL: 2,004A | OK");
    });

    it("end an upload out of time with 421 and keep what has come", async () => {
      const host = await dialogue({ "upload-timeout": "421" });
      assert.equal(await host.commandWithData('AT+QFUPL="a.txt",10,5', "A"), "+CME ERROR: 421");
      assert.equal(await host.command("AT+QFLST"), '+QFLST: "a.txt",1 | OK');
    });

    it("count the time of an upload from the last byte", async () => {
      const host = await dialogue({ "input-time": "idle" });
      host.write('AT+QFUPL="a.txt",10,5\r');
      await host.expect(/CONNECT\r\n/);
      for (let second = 0; second < 9; second++) {
        await host.clock.advance(1000);
        host.write("A");
      }
      assert.match(await host.expect(/OK\r\n/), /\+QFUPL: 9,/);
      assert.equal(host.clock.now(), 14_000);
    });
  });
});
