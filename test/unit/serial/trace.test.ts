import assert from "node:assert/strict";
import fc from "fast-check";
import { Channel } from "../../../lib/at/channel";
import { maskSecrets, Trace } from "../../../lib/serial/trace";
import { telling } from "../../support/at-bench";
import { RUNS, TIME } from "../../support/property";
import { ScriptedTransport } from "../../support/scripted-transport";
import { VirtualClock } from "../../support/virtual-clock";

function open(limit?: number): { clock: VirtualClock; trace: Trace } {
  const clock = new VirtualClock(1_000);
  const trace = new Trace(clock, limit);
  trace.enabled = true;
  return { clock, trace };
}

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const shown = (trace: Trace): string[] => trace.entries.map(({ direction, text }) => `${direction} ${text}`);

describe("a trace", () => {
  it("records nothing until it is switched on", () => {
    const trace = new Trace(new VirtualClock());
    trace.record("out", latin1("AT\r"));
    assert.deepEqual(trace.entries, []);
  });

  it("records both directions with the time", async () => {
    const { clock, trace } = open();
    trace.record("out", latin1("AT\r"));
    await clock.advance(5);
    trace.record("in", latin1("\r\nOK\r\n"));
    assert.deepEqual(trace.entries, [
      { at: 1_000, direction: "out", text: "AT\r" },
      { at: 1_005, direction: "in", text: "\r\nOK\r\n" },
    ]);
    trace.clear();
    assert.deepEqual(trace.entries, []);
  });

  it("keeps the newest within its limit, however much comes", () => {
    const { trace } = open(100);
    for (let count = 0; count < 1_000; count++) trace.record("in", latin1(`line ${count}\r\n`));
    assert.ok(trace.entries.reduce((sum, { text }) => sum + text.length, 0) <= 100);
    assert.equal(trace.entries.at(-1)?.text, "line 999\r\n");
    trace.record("in", Buffer.alloc(500, 0x78));
    assert.equal(trace.entries.map(({ text }) => text).join("").length, 100);
  });

  it("masks a secret in the command, in its echo and in an error, also where reads and writes cut it", () => {
    const { trace } = open();
    trace.hide(["s3cret"]);
    trace.record("out", latin1('AT+QSMTPCFG="account","u","s3c'));
    trace.record("out", latin1('ret"\r'));
    trace.record("in", latin1('"s3cret"\r\r\n+CME ERROR: s'));
    trace.record("in", latin1("3cret is wrong\r\n"));
    assert.deepEqual(shown(trace), [
      'out AT+QSMTPCFG="account","u","',
      'out •••"\r',
      'in "•••"\r\r\n+CME ERROR: ',
      "in ••• is wrong\r\n",
    ]);
  });

  it("shows what only began like a secret, once that is clear", () => {
    const { trace } = open();
    trace.hide(["s3cret"]);
    trace.record("in", latin1("s3c"));
    assert.deepEqual(shown(trace), []);
    trace.record("in", latin1("s3c\r\n"));
    assert.deepEqual(shown(trace), ["in s3cs3c\r\n"]);
  });

  it("masks the longer of two secrets that begin alike", () => {
    const { trace } = open();
    trace.hide(["abc", "abcdef"]);
    trace.record("in", latin1("abc"));
    trace.record("in", latin1("def abc."));
    assert.deepEqual(shown(trace), ["in ••• •••."]);
  });

  it("that is switched on in the middle of a line begins with the next, lest it show the end of a secret", () => {
    const { trace } = open();
    trace.hide(["s3cret"]);
    trace.enabled = false;
    trace.record("out", latin1("AT+CPIN=s3c"));
    trace.record("in", latin1("\r\nOK\r\n"));
    trace.enabled = true;
    trace.record("out", latin1("ret"));
    trace.record("out", latin1("\rAT\r"));
    trace.record("in", latin1("AT\r"));
    assert.deepEqual(shown(trace), ["out AT\r", "in AT\r"]);
  });

  it("that was switched off in the middle of a secret shows nothing of it later", () => {
    const { trace } = open();
    trace.hide(["s3cret"]);
    trace.record("in", latin1("+X: s3c"));
    trace.enabled = false;
    trace.record("in", latin1("ret\r\n"));
    trace.enabled = true;
    trace.record("in", latin1("OK\r\n"));
    assert.deepEqual(shown(trace), ["in +X: ", "in OK\r\n"]);
  });

  it("masks a new secret in what is recorded already", () => {
    const { trace } = open();
    trace.record("in", latin1("+X: tiger\r\n"));
    trace.hide(["tiger", ""]);
    assert.deepEqual(shown(trace), ["in +X: •••\r\n"]);
  });

  it("forgets, of a thousand secrets, only those that have not been written for longest", () => {
    const { trace } = open();
    for (let count = 0; count < 1_000; count++) trace.hide(["tiger", `secret-${count}.`]);
    trace.record("in", latin1("+X: tiger secret-999. secret-950. secret-0.\r\n"));
    assert.deepEqual(shown(trace), ["in +X: ••• ••• ••• secret-0.\r\n"]);
  });

  it("never holds a secret, wherever the bytes are cut", function () {
    this.timeout(TIME);
    const alphabet = fc.constantFrom("a", "b", "1", " ");
    const secret = fc.string({ unit: alphabet, minLength: 1, maxLength: 6 });
    const piece = fc.oneof(fc.string({ unit: alphabet, maxLength: 5 }), fc.nat());
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.constantFrom("in" as const, "out" as const), piece), { maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        (secrets, parts, places) => {
          const { trace } = open();
          trace.hide(secrets);
          for (const direction of ["in", "out"] as const) {
            const text = parts
              .filter(([way]) => way === direction)
              .map(([, what]) => (typeof what === "number" ? secrets[what % secrets.length] : what))
              .join("");
            const ends = [...places.map((place) => place % (text.length + 1)), text.length].sort(
              (a, b) => a - b,
            );
            ends.forEach((end, index) =>
              trace.record(direction, latin1(text.slice(ends[index - 1] ?? 0, end))),
            );
            const seen = trace.entries
              .filter((entry) => entry.direction === direction)
              .map((entry) => entry.text)
              .join("");
            for (const one of secrets) assert.ok(!seen.includes(one), `${one} in ${seen}`);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("watches a transport: a channel's secrets are masked before they are written", async () => {
    const { clock, trace } = open();
    const modem = new ScriptedTransport({ "AT+CPIN=4711": "\r\n+X: 4711\r\n\r\nOK\r\n" });
    const channel = new Channel(trace.watch(modem), { clock, hide: (secrets) => trace.hide(secrets) });
    await clock.until(channel.execute(telling("AT+CPIN=4711", { secrets: ["4711"] })));
    const all = trace.entries.map(({ text }) => text).join("");
    assert.ok(all.includes("AT+CPIN=•••\r"));
    assert.ok(!all.includes("4711"));
    assert.equal(modem.written.at(-1), "AT+CPIN=4711");
    await channel.close();
  });

  it("changes nothing of the transport it watches", async () => {
    const { trace } = open();
    const modem = new ScriptedTransport();
    modem.bitRate = 9_600;
    modem.flowControlled = false;
    const watched = trace.watch(modem);
    assert.deepEqual([watched.label, watched.bitRate, watched.flowControlled], ["script", 9_600, false]);
    await watched.open();
    await watched.set({ dtr: true });
    await watched.drain();
    assert.deepEqual(modem.lines, [{ dtr: true }]);
    const ends: unknown[] = [];
    watched.on("closed", (error) => ends.push(error));
    await watched.close();
    assert.deepEqual(ends, [undefined]);
  });
});

describe("masking", () => {
  it("leaves text without secrets as it is", () => {
    assert.equal(maskSecrets("AT+CSQ", ["x", ""]), "AT+CSQ");
  });
});
