import assert from "node:assert/strict";
import fc from "fast-check";
import { cme, type FaultPlan, type FaultRule } from "../../../lib/simulator";
import { randomFaults } from "../../../lib/simulator/faults/random-faults";
import { Terminal } from "./terminal";

/** What a terminal without echo sees of `AT+CSQ` under a plan whose counting begins there. */
async function underPlan(
  plan: FaultPlan,
  typed = "AT+CSQ\r",
  ms = 1,
): Promise<{ seen: string; terminal: Terminal }> {
  const terminal = Terminal.with();
  await terminal.type("ATE0\r");
  terminal.modem.faults.set(plan);
  return { seen: await terminal.type(typed, ms), terminal };
}

const answer = "\r\n+CSQ: 23,99\r\n\r\nOK\r\n";

describe("A fault plan", () => {
  const rows: readonly (readonly [what: string, rule: FaultRule, seen: string])[] = [
    [
      "drops bytes of an answer",
      { at: { direction: "modem", byte: 8 }, fault: { kind: "drop", count: 5 } },
      "\r\n+CSQ:9\r\n\r\nOK\r\n",
    ],
    [
      "doubles bytes of an answer",
      { at: { direction: "modem", byte: 3 }, fault: { kind: "duplicate", count: 4 } },
      "\r\n+CSQ+CSQ: 23,99\r\n\r\nOK\r\n",
    ],
    [
      "spoils bytes of an answer",
      { at: { direction: "modem", byte: 4 }, fault: { kind: "corrupt", count: 2, mask: 0x20 } },
      "\r\n+csQ: 23,99\r\n\r\nOK\r\n",
    ],
    [
      "drops bytes over the end of a piece",
      { at: { direction: "modem", byte: 14 }, fault: { kind: "drop", count: 4 } },
      "\r\n+CSQ: 23,99OK\r\n",
    ],
    [
      "drops bytes of a command",
      { at: { direction: "host", byte: 6 }, fault: { kind: "drop", count: 1 } },
      "\r\nERROR\r\n",
    ],
    [
      "puts an unsolicited line before a command",
      { at: { command: "+CSQ" }, fault: { kind: "urc", line: "+CREG: 2" } },
      `\r\n+CREG: 2\r\n${answer}`,
    ],
    [
      "answers instead of a command",
      { at: { command: "+CSQ" }, fault: { kind: "result", result: cme(30) } },
      "\r\n+CME ERROR: 30\r\n",
    ],
  ];
  for (const [what, rule, expected] of rows) {
    it(what, async () => {
      assert.equal((await underPlan([rule])).seen, expected);
    });
  }

  it("counts bytes over all that is sent", async () => {
    const { seen, terminal } = await underPlan([
      { at: { direction: "host", byte: 8 }, fault: { kind: "drop", count: 1 } },
    ]);
    assert.equal(seen, answer);
    assert.equal(await terminal.type("xAT\r"), "\r\nOK\r\n");
  });

  it("delays bytes and what follows them", async () => {
    const { seen, terminal } = await underPlan([
      { at: { direction: "modem", byte: 5 }, fault: { kind: "delay", ms: 500 } },
    ]);
    assert.equal(seen, answer.slice(0, 4));
    assert.equal(await terminal.after(500), answer.slice(4));
  });

  it("fires once at the n-th command, or each time", async () => {
    const once = await underPlan(
      [{ at: { command: "+CSQ", nth: 2 }, fault: { kind: "result", result: cme(0) } }],
      "AT+CSQ;+CSQ\r",
    );
    assert.equal(once.seen, "\r\n+CSQ: 23,99\r\n\r\n+CME ERROR: 0\r\n");
    assert.equal(await once.terminal.type("AT+CSQ\r"), answer);

    const always = await underPlan([
      { at: { command: "+CSQ", nth: "every" }, fault: { kind: "result", result: cme(0) } },
    ]);
    assert.equal(await always.terminal.type("AT+CSQ\r"), "\r\n+CME ERROR: 0\r\n");
  });

  it("restarts the module in the middle of an answer, of which the rest is lost", async () => {
    const { seen, terminal } = await underPlan([
      { at: { direction: "modem", byte: 9 }, fault: { kind: "restart" } },
    ]);
    assert.ok(seen.startsWith("\r\n+CSQ: \r\nRDY\r\n"), JSON.stringify(seen));
    assert.equal(await terminal.type("AT\r"), "AT\r\r\nOK\r\n");
  });

  it("unplugs the module, which can be plugged in again", async () => {
    const { seen, terminal } = await underPlan([
      { at: { direction: "host", byte: 3 }, fault: { kind: "unplug" } },
    ]);
    assert.equal(seen, "");
    assert.ok(terminal.vanished);
    assert.throws(() => terminal.reopen(), /cannot be opened/);
    terminal.modem.plug();
    await terminal.clock.advance(1);
    terminal.reopen();
    assert.equal(await terminal.type("AT\r"), "AT\r\r\nOK\r\n");
  });

  it("makes the module hang until it is restarted", async () => {
    const { seen, terminal } = await underPlan([{ at: { command: "+CSQ" }, fault: { kind: "hang" } }]);
    assert.equal(seen, "");
    assert.equal(await terminal.type("AT\r", 600_000), "");
    terminal.modem.restart("powerLoss");
    assert.match(await terminal.after(1), /RDY/);
  });

  it("takes signal, SIM card and context away", async () => {
    const { terminal } = await underPlan([
      { at: { command: "+QIACT" }, fault: { kind: "noSignal" } },
      { at: { command: "+CREG" }, fault: { kind: "simRemoved" } },
    ]);
    assert.equal(await terminal.type("AT+QIACT?\r"), "\r\nOK\r\n");
    assert.equal(await terminal.type("AT+CSQ\r"), "\r\n+CSQ: 99,99\r\n\r\nOK\r\n");
    await terminal.type("AT+CREG?\r");
    assert.equal(await terminal.type("AT+CPIN?\r"), "\r\n+CME ERROR: 10\r\n");
  });

  it("ports vanish at a restart and come back where they do so", async () => {
    const terminal = Terminal.with({ variants: { "restart-port": "vanishes" }, timing: { bootMs: 3000 } });
    await terminal.type("AT+CFUN=1,1\r");
    assert.ok(terminal.vanished);
    assert.throws(() => terminal.reopen(), /cannot be opened/);
    await terminal.clock.advance(3000);
    terminal.reopen();
    assert.equal(await terminal.type("AT\r"), "AT\r\r\nOK\r\n");
  });

  it("is written to the log when it strikes", async () => {
    const { terminal } = await underPlan([{ at: { command: "+CSQ" }, fault: { kind: "delay", ms: 5 } }]);
    assert.ok(
      terminal.modem.log.entries.some(
        (entry) => entry.kind === "event" && entry.text === "fault at +CSQ: delay",
      ),
    );
  });

  it("drawn by a seed is the same for the same seed, and within its bytes", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 5 }), (seed, faults) => {
        const plan = randomFaults({ seed, faults, bytes: 100 });
        assert.deepEqual(plan, randomFaults({ seed, faults, bytes: 100 }));
        assert.equal(plan.length, faults);
        for (const { at } of plan) assert.ok("direction" in at && at.byte >= 1 && at.byte <= 100);
      }),
    );
  });

  it("drawn by a seed leaves a module that answers again", async () => {
    for (let seed = 0; seed < 30; seed++) {
      const terminal = Terminal.with();
      terminal.modem.faults.set(randomFaults({ seed, bytes: 60 }));
      for (let round = 0; round < 8; round++) {
        if (terminal.vanished) {
          terminal.modem.plug();
          await terminal.clock.advance(1);
          terminal.reopen();
        }
        await terminal.type("\rAT+CSQ\r", 30_000);
      }
      assert.match(await terminal.type("\rAT\r", 30_000), /OK\r\n$/, `seed ${seed}`);
    }
  });
});
