/** Lookups of names and pings at a module whose answers do not name what was asked for. */
import assert from "node:assert/strict";
import { isModemError } from "../../../lib/errors";
import {
  addressOf,
  type LookupModem,
  repliesToPing,
  timeFromServer,
} from "../../../lib/quectel/network/lookups";
import { OK } from "../../../lib/simulator";
import { quotedText } from "../../../lib/simulator/device/parameters";
import { telling } from "../../support/at-bench";
import { simulatedRig, type Rig } from "../../support/simulated-rig";

/** What the module knows of a name, and after how many milliseconds each line comes. */
type Answer = readonly (readonly [afterMs: number, line: string])[];

const found = (afterMs: number, ...addresses: readonly string[]): Answer => [
  [afterMs, `+QIURC: "dnsgip",0,${addresses.length},600`],
  ...addresses.map((address) => [200, `+QIURC: "dnsgip","${address}"`] as const),
];

async function rigWith(answers: Readonly<Record<string, Answer>>): Promise<Rig> {
  const rig = simulatedRig();
  const { module } = rig;
  module.define((context, next) => {
    const answer = answers[quotedText(context.parameters[1]) ?? ""];
    if (answer === undefined || !/^\+(?:QIDNSGIP|QPING|QNTP)$/.test(context.name)) return next();
    context.afterResult(() =>
      module.background(async () => {
        for (const [afterMs, line] of answer) {
          await module.wait(afterMs);
          module.raiseUrc(line);
        }
      }),
    );
    return OK;
  });
  await rig.ready();
  return rig;
}

describe("Lookups at one module", () => {
  it("of two names at once each get the address of their own name", async () => {
    const { clock, modem } = await rigWith({
      "mail.example.com": found(3_000, "192.0.2.1"),
      "www.google.com": found(1_000, "192.0.2.2"),
    });
    const both = Promise.all([
      addressOf(modem, 1, "mail.example.com"),
      addressOf(modem, 1, "www.google.com"),
    ]);
    assert.deepEqual(await clock.until(both), ["192.0.2.1", "192.0.2.2"]);
    await modem.close();
  });

  it("take no further address of the name before", async () => {
    const { clock, modem } = await rigWith({
      "mail.example.com": found(1_000, "192.0.2.1", "192.0.2.11", "192.0.2.12"),
      "www.google.com": found(1_000, "192.0.2.2"),
    });
    assert.equal(await clock.until(addressOf(modem, 1, "mail.example.com")), "192.0.2.1");
    assert.equal(await clock.until(addressOf(modem, 1, "www.google.com")), "192.0.2.2");
    await modem.close();
  });

  it("take no answer to a question that nobody waits for any more", async () => {
    const { clock, modem } = await rigWith({
      "mail.example.com": found(7_000, "192.0.2.1"),
      "no.example": [[3_000, '+QIURC: "dnsgip",565']],
    });
    const leaving = new AbortController();
    clock.after(5_000, () => leaving.abort());
    const left = addressOf(modem, 1, "mail.example.com", leaving.signal);
    await clock.until(assert.rejects(left, (error) => isModemError(error, "MODEM_ABORTED")));
    const next = addressOf(modem, 1, "no.example");
    await clock.until(assert.rejects(next, (error) => isModemError(error, "SMTP_DNS_FAILED")));
    await modem.close();
  });

  const kinds: Readonly<
    Record<string, (modem: LookupModem, host: string, signal?: AbortSignal) => Promise<unknown>>
  > = {
    name: (modem, host, signal) => addressOf(modem, 1, host, signal),
    ping: (modem, host, signal) => repliesToPing(modem, 1, host, signal),
    time: (modem, host, signal) => timeFromServer(modem, 1, host, signal),
  };
  for (const [kind, lookUp] of Object.entries(kinds)) {
    it(`of kind ${kind} are not written when their caller has left before, and hold no turn`, async () => {
      const rig = await rigWith({ "left.example": [], "next.example": [] });
      const { clock, modem, module, commands } = rig;
      module.define(async (context, next) => {
        if (context.name !== "+CSQ") return next();
        await module.wait(20_000);
        return OK;
      });
      commands();
      const slow = modem.execute(telling("AT+CSQ", { timeoutMs: 30_000 }));
      const leaving = new AbortController();
      const begin = clock.now();
      clock.after(1_000, () => leaving.abort());
      const left = lookUp(modem, "left.example", leaving.signal);
      const next = lookUp(modem, "next.example").catch(() => "failed");
      await clock.until(assert.rejects(left, (error) => isModemError(error, "MODEM_ABORTED")));
      assert.equal(clock.now() - begin, 1_000);
      await clock.until(slow);
      await clock.until(next);
      const asked = commands().filter((line) => line.includes(".example"));
      assert.equal(asked.length, 1, asked.join(" "));
      assert.match(asked[0] ?? "", /next\.example/);
      await modem.close();
    });
  }

  it("wait for no name that the module never answers longer than a minute", async () => {
    const { clock, modem } = await rigWith({
      "mail.example.com": [],
      "www.google.com": found(0, "192.0.2.2"),
    });
    const begin = clock.now();
    const silent = assert.rejects(addressOf(modem, 1, "mail.example.com"));
    assert.equal(await clock.until(addressOf(modem, 1, "www.google.com")), "192.0.2.2");
    await clock.until(silent);
    assert.ok(clock.now() - begin < 62_000);
    await modem.close();
  });

  it("wait for no time server: a name is found while it stays silent", async () => {
    const { clock, modem } = await rigWith({ "time.example": [], "mail.example.com": found(0, "192.0.2.1") });
    const time = timeFromServer(modem, 1, "time.example");
    const begin = clock.now();
    assert.equal(await clock.until(addressOf(modem, 1, "mail.example.com")), "192.0.2.1");
    assert.ok(clock.now() - begin < 2_000);
    assert.equal(await clock.until(time), "silent");
    await modem.close();
  });

  it("count the replies to their own ping", async () => {
    const { clock, modem } = await rigWith({
      "192.0.2.1": [[4_000, "+QPING: 0,2,0,2,0,0,0"]],
      "192.0.2.2": [[1_000, "+QPING: 0,2,2,0,60,60,60"]],
    });
    const both = Promise.all([repliesToPing(modem, 1, "192.0.2.1"), repliesToPing(modem, 1, "192.0.2.2")]);
    assert.deepEqual(await clock.until(both), [0, 2]);
    await modem.close();
  });
});
