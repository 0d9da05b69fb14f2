import assert from "node:assert/strict";
import fc from "fast-check";
import { Terminal } from "./terminal";

describe("A command line of the simulated module", () => {
  const table: readonly (readonly [what: string, typed: string, answer: string])[] = [
    ["is echoed with its CR and answered in words", "AT\r", "AT\r\r\nOK\r\n"],
    [
      "may begin in lower case",
      "ati9\r",
      "ati9\r\r\nQuectel\r\nEC25\r\nRevision: EC25EFAR06A08M4G\r\n\r\nOK\r\n",
    ],
    ["may end with CR LF, whose LF is neither echoed nor taken", "AT\r\n", "AT\r\r\nOK\r\n"],
    ["is answered with ERROR when the command is unknown", "AT+NOPE\r", "AT+NOPE\r\r\nERROR\r\n"],
    ["is answered with ERROR when the form is unknown", "AT+CSQ=1\r", "AT+CSQ=1\r\r\nERROR\r\n"],
    ["is answered with ERROR when a quote is left open", 'AT+CSCS="GSM\r', 'AT+CSCS="GSM\r\r\nERROR\r\n'],
    ["takes blanks between basic commands", "AT E1 V1 &C1 S0=0\r", "AT E1 V1 &C1 S0=0\r\r\nOK\r\n"],
    ["takes blanks around values", "AT+CMEE= 1 \r", "AT+CMEE= 1 \r\r\nOK\r\n"],
    ["takes no blank inside a name", "AT+CM EE=1\r", "AT+CM EE=1\r\r\nERROR\r\n"],
    ["may follow other characters", "\x1b\0xyz AT\r", "\x1b\0xyz AT\r\r\nOK\r\n"],
    ["may hold ESC and NUL", "AT\0+C\x1bFUN?\r", "AT\0+C\x1bFUN?\r\r\n+CFUN: 1\r\n\r\nOK\r\n"],
    ["is edited with backspace", "AT+CSX\bQ\r", "AT+CSX\bQ\r\r\n+CSQ: 23,99\r\n\r\nOK\r\n"],
    ["without AT is no command at all", "+CSQ\r", "+CSQ\r"],
    [
      "executes commands in order, the first with AT",
      "AT+CSQ;+CSQ\r",
      "AT+CSQ;+CSQ\r\r\n+CSQ: 23,99\r\n+CSQ: 23,99\r\n\r\nOK\r\n",
    ],
    [
      "takes extended commands right behind basic ones",
      "ATE1+CSQ\r",
      "ATE1+CSQ\r\r\n+CSQ: 23,99\r\n\r\nOK\r\n",
    ],
    ["shows an S-register with three digits", "ATS3?\r", "ATS3?\r\r\n013\r\n\r\nOK\r\n"],
    ["refuses a value out of the range of a register", "ATS12=9\r", "ATS12=9\r\r\nERROR\r\n"],
    [
      "longer than the module can hold gives ERROR",
      `AT${"x".repeat(3000)}\r`,
      `AT${"x".repeat(3000)}\r\r\nERROR\r\n`,
    ],
  ];
  for (const [what, typed, answer] of table) {
    it(what, async () => {
      assert.equal(await Terminal.with().type(typed), answer);
    });
  }

  it("gives the same bytes however the host cuts it", async () => {
    const typed = 'ATE1;+CSCS="GSM";+CMEE=2;+CLCK="XX",7\r\nA/AT\r';
    const whole = await Terminal.with().type(typed);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(typed.length)), async (cuts) => {
        const terminal = Terminal.with();
        let from = 0;
        for (const cut of [...cuts.sort((one, other) => one - other), typed.length]) {
          terminal.write(typed.slice(from, cut));
          from = cut;
        }
        assert.equal(await terminal.after(1), whole);
      }),
      { numRuns: 50 },
    );
  });

  it("stops at the first error and reports it once", async () => {
    const terminal = Terminal.with();
    await terminal.type("ATE0\r");
    assert.equal(await terminal.type("AT+CSQ;+NOPE;+CSQ\r"), "\r\n+CSQ: 23,99\r\n\r\nERROR\r\n");
  });

  it("is repeated by A/, which needs no end", async () => {
    const terminal = Terminal.with();
    await terminal.type("ATE0+CSQ\r");
    assert.equal(await terminal.type("A/"), "\r\n+CSQ: 23,99\r\n\r\nOK\r\n");
    assert.equal(await terminal.type("a/"), "\r\n+CSQ: 23,99\r\n\r\nOK\r\n");
  });

  it("ends with the character of S3 and is edited with that of S5", async () => {
    const terminal = Terminal.with();
    await terminal.type("ATE0S3=33S5=35\r");
    assert.equal(await terminal.type("AT+CSX#Q!"), "!\n+CSQ: 23,99!\n!\nOK!\n");
  });

  it("puts the character of S4 behind that of S3 into answers", async () => {
    const terminal = Terminal.with();
    await terminal.type("ATE0S4=32\r");
    assert.equal(await terminal.type("AT\r"), "\r OK\r ");
  });
});

describe("The answers of the simulated module", () => {
  it("are digits under V0, information with one line end", async () => {
    const terminal = Terminal.with();
    assert.equal(await terminal.type("ATE0V0\r"), "ATE0V0\r0\r");
    assert.equal(await terminal.type("AT+CSQ\r"), "+CSQ: 23,99\r\n0\r");
    assert.equal(await terminal.type("AT+NOPE\r"), "4\r");
    assert.equal(await terminal.type("ATD*99#\r"), "3\r");
  });

  it("lack their result under Q1, not their information", async () => {
    const terminal = Terminal.with();
    await terminal.type("ATE0Q1\r");
    assert.equal(await terminal.type("AT+CSQ\r"), "\r\n+CSQ: 23,99\r\n");
    assert.equal(await terminal.type("AT+NOPE\r"), "");
    assert.equal(await terminal.type("ATQ0\r"), "\r\nOK\r\n");
  });

  for (const [level, report] of [
    [0, "ERROR"],
    [1, "+CME ERROR: 16"],
    [2, "+CME ERROR: incorrect password"],
  ] as const) {
    it(`report a refusal as ${report} under CMEE=${level}`, async () => {
      const terminal = Terminal.with();
      await terminal.type(`ATE0;+CMEE=${level};+CLCK="SC",1,"1234"\r`);
      assert.equal(await terminal.type('AT+CPWD="SC","9999","1111"\r'), `\r\n${report}\r\n`);
    });
  }

  it("say of each line setting what was set, on this port alone", async () => {
    const terminal = Terminal.with();
    const other = terminal.beside("usbmodem");
    await terminal.type("ATE0V1+CMEE=2\r");
    assert.equal(await terminal.type("AT+CMEE?\r"), "\r\n+CMEE: 2\r\n\r\nOK\r\n");
    assert.equal(await other.type("AT+CMEE?\r"), "AT+CMEE?\r\r\n+CMEE: 1\r\n\r\nOK\r\n");
  });

  it("come back after a restart as AT&W left them, without CMEE", async () => {
    const terminal = Terminal.with();
    await terminal.type("ATE0S3=13S12=60+CMEE=2;+CREG=2;&W\r");
    await terminal.type("AT+CFUN=1,1\r");
    assert.equal(
      await terminal.type("ATS12?+CMEE?;+CREG?\r"),
      '\r\n060\r\n+CMEE: 1\r\n+CREG: 2,1,"1A2B","0C0FFEE",7\r\n\r\nOK\r\n',
    );
    await terminal.type("AT&F\r");
    assert.equal(
      await terminal.type("ATE0S12?+CREG?\r"),
      "ATE0S12?+CREG?\r\r\n050\r\n+CREG: 0,1\r\n\r\nOK\r\n",
    );
    await terminal.type("ATZ\r");
    assert.equal(await terminal.type("ATS12?\r"), "\r\n060\r\n\r\nOK\r\n");
  });
});

describe("Bytes that come while a command runs", () => {
  async function impatient(busyInput: "queued" | "dropped" | "aborts"): Promise<string> {
    const terminal = Terminal.with({ variants: { "busy-input": busyInput }, timing: { thinkingMs: 100 } });
    await terminal.type("ATE0\r", 200);
    await terminal.type("AT+CSQ\r\n", 50);
    return terminal.type("AT+CFUN?\r", 500);
  }

  it("wait until it has ended", async () => {
    assert.equal(await impatient("queued"), "\r\n+CSQ: 23,99\r\n\r\nOK\r\n\r\n+CFUN: 1\r\n\r\nOK\r\n");
  });

  it("are lost where firmware does so", async () => {
    assert.equal(await impatient("dropped"), "\r\n+CSQ: 23,99\r\n\r\nOK\r\n");
  });

  it("end it where firmware does so", async () => {
    assert.equal(await impatient("aborts"), "\r\nERROR\r\n");
  });
});
