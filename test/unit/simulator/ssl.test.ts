import assert from "node:assert/strict";
import type { VariantChoice } from "../../../lib/simulator";
import { Dialogue } from "./dialogue";

const dialogue = (variants: VariantChoice = {}): Dialogue => new Dialogue({ variants });

describe("QSSLCFG of the simulated module", () => {
  for (const [key, usual, other] of [
    ["sslversion", "4", "3"],
    ["ciphersuite", "0XFFFF", "0XC02F"],
    ["cacert", '""', '"UFS:cacert.pem"'],
    ["cacertex", '""', '"second.pem"'],
    ["clientcert", '""', '"RAM:client.pem"'],
    ["clientkey", '""', '"client.key"'],
    ["seclevel", "0", "2"],
    ["ignorelocaltime", "1", "0"],
    ["negotiatetime", "300", "10"],
    ["sni", "0", "1"],
    ["closetimemode", "0", "1"],
    ["session_cache", "0", "1"],
    ["ignorecertitem", "0", "1048575"],
  ] as const) {
    it(`keeps ${key} for one context of six`, async () => {
      const host = dialogue();
      assert.equal(await host.command(`AT+QSSLCFG="${key}",1`), `+QSSLCFG: "${key}",1,${usual} | OK`);
      await host.configure(`AT+QSSLCFG="${key}",1,${other}`);
      assert.equal(await host.command(`AT+QSSLCFG="${key}",1`), `+QSSLCFG: "${key}",1,${other} | OK`);
      assert.equal(await host.command(`AT+QSSLCFG="${key}",5`), `+QSSLCFG: "${key}",5,${usual} | OK`);
    });
  }

  for (const line of [
    'AT+QSSLCFG="nothing",1,1',
    'AT+QSSLCFG="nothing",1',
    'AT+QSSLCFG="sni",6,1',
    'AT+QSSLCFG="sni"',
    'AT+QSSLCFG="sni",1,2',
    'AT+QSSLCFG="sni",1,1,1',
    'AT+QSSLCFG="sslversion",1,5',
    'AT+QSSLCFG="negotiatetime",1,9',
    'AT+QSSLCFG="ciphersuite",1,0x1301',
    'AT+QSSLCFG="ciphersuite",1,65535',
    'AT+QSSLCFG="cacert",1,ca.pem',
    'AT+QSSLCFG="cacert",1,"ca.pem","x"',
    "AT+QSSLCFG?",
  ]) {
    it(`answers ${line} with ERROR, also under CMEE=1`, async () => {
      const host = dialogue();
      await host.configure("AT+CMEE=1");
      assert.equal(await host.command(line), "ERROR");
    });
  }

  it("takes a key with its password and keys in any case", async () => {
    const host = dialogue();
    await host.configure('AT+QSSLCFG="ClientKey",1,"client.key","secret"');
    assert.equal(await host.command('AT+QSSLCFG="clientkey",1'), '+QSSLCFG: "clientkey",1,"client.key" | OK');
  });

  it("lists its keys with their ranges", async () => {
    const answer = await dialogue().command("AT+QSSLCFG=?");
    assert.deepEqual(
      [...answer.matchAll(/\+QSSLCFG: "(\w+)"/g)].slice(0, 14).map(([, key]) => key),
      "sslversion dtls dtlsversion ciphersuite cacert cacertex clientcert clientkey seclevel ignorelocaltime negotiatetime sni psk closetimemode".split(
        " ",
      ),
    );
    assert.match(answer, /"ciphersuite",\(0-5\),\(0X0035,.*,0XC014,0XC00D,0XC00E,0XC00F,0XC023,.*,0XFFFF\)/);
    assert.match(answer, /"dtlsversion",\(0-5\),\(0,1\)/);
    assert.match(answer, /"sni",\(0-5\),\(0,1\)/);
    assert.match(answer, /"cacert",\(0-5\),<cacertpath>/);
    assert.match(answer, /ignorecertitem/);
  });

  describe("where firmware differs", () => {
    it("does not know sni", async () => {
      const host = dialogue({ "key-sni": "absent" });
      assert.equal(await host.command('AT+QSSLCFG="sni",1,1'), "ERROR");
      assert.doesNotMatch(await host.command("AT+QSSLCFG=?"), /sni/);
    });

    it("does not offer weak cipher suites", async () => {
      const host = dialogue({ "cipher-list": "short" });
      assert.equal(await host.command('AT+QSSLCFG="ciphersuite",1,0X0004'), "ERROR");
      assert.doesNotMatch(await host.command("AT+QSSLCFG=?"), /0X0004/);
      const older = dialogue({ "cipher-list": "long" });
      assert.equal(await older.command('AT+QSSLCFG="ciphersuite",1,0x0004'), "OK");
    });

    it("has no ignorecertitem and a blank in its list of suites with firmware 01.003", async () => {
      const answer = await dialogue({ firmware: "01.003", "cipher-list": "long" }).command("AT+QSSLCFG=?");
      assert.doesNotMatch(answer, /ignorecertitem/);
      assert.match(answer, /,0XC005, 0XC007,.*,0XC014,0XC00C,0XC00D,/);
    });

    it("has more keys with firmware A0.301", async () => {
      const later = dialogue({ firmware: "A0.301" });
      assert.match(await later.command("AT+QSSLCFG=?"), /"ignoreprivkey",\(0-5\),\(0,1\)/);
      assert.match(await later.command("AT+QICFG=?"), /"send\/auto",\(0,1\)/);
      await later.configure('AT+QSSLCFG="ignoreprivkey",1,1', 'AT+QICFG="recv/ignore",1');
      const usual = dialogue();
      assert.equal(await usual.command('AT+QSSLCFG="ignoreprivkey",1,1'), "ERROR");
      assert.equal(await usual.command('AT+QICFG="recv/ignore",1'), "ERROR");
      assert.doesNotMatch(await usual.command("AT+QICFG=?"), /send\/auto/);
    });

    it("lists its keys by kind, with their names for files", async () => {
      const answer = await dialogue({ "tls-key-list": "names" }).command("AT+QSSLCFG=?");
      assert.match(answer, /^\+QSSLCFG: "ciphersuite",\(0-5\),\(0X0035,0X002F,.*,0XFFFF\)/);
      assert.match(answer, /"sni",\(0-5\),\(0-1\)/);
      assert.match(answer, /"cacert",\(0-5\),<cacert>/);
    });

    for (const [variants, key, value] of [
      [{ "ignorelocaltime-default": "0" }, "ignorelocaltime", 0],
      [{ "sslversion-default": "1" }, "sslversion", 1],
      [{ "seclevel-default": "1" }, "seclevel", 1],
    ] as const satisfies readonly (readonly [VariantChoice, string, number])[]) {
      it(`has ${value} for ${key} unless told otherwise`, async () => {
        const host = dialogue(variants);
        assert.equal(await host.command(`AT+QSSLCFG="${key}",0`), `+QSSLCFG: "${key}",0,${value} | OK`);
      });
    }

    for (const [kept, value] of [
      ["lost", 0],
      ["kept", 1],
    ] as const) {
      it(`has its settings ${kept} over a restart`, async () => {
        const host = dialogue({ "ssl-after-restart": kept });
        await host.configure('AT+QSSLCFG="sni",1,1');
        host.modem.restart();
        await host.expect(/PB DONE/);
        await host.command("ATE0");
        assert.equal(await host.command('AT+QSSLCFG="sni",1'), `+QSSLCFG: "sni",1,${value} | OK`);
      });
    }
  });
});
