import assert from "node:assert/strict";
import { storageOf } from "../../../lib/simulator/module/file-store";
import { form } from "../../../lib/facts/forms";
import { PRIVATE, answersOf, factsRig, snapshot, type FactsRig } from "./facts-rig";

/** A mail server that greets. */
const GREETING = { contextId: 1, host: "mx.example.net", port: 25 } as const;

describe("A run of facts", () => {
  let rig: FactsRig;

  const state = () => snapshot(rig.module, rig.clock);

  it("leaves settings, mail, files and clock of the module as they were", async () => {
    rig = await factsRig();
    const before = state();
    const { notRestored } = await rig.ask();
    assert.deepEqual(notRestored, []);
    assert.deepEqual(state(), before);
  });

  it("puts back what a restart has wiped out, but for files in RAM", async () => {
    rig = await factsRig();
    await rig.other.configure("AT+QSMTPATT=0");
    storageOf(rig.module, "RAM").delete("theirs.csv");
    const before = state();
    const { notRestored } = await rig.ask({ restart: () => rig.link.restart() });
    assert.deepEqual(notRestored, []);
    assert.deepEqual(state(), before);
  });

  it("says which settings it could not put back", async () => {
    rig = await factsRig();
    const { notRestored } = await rig.ask({ restart: () => rig.link.restart() });
    assert.deepEqual(notRestored, ["attachments"]);
  });

  it("puts back as many attempts as the account takes", async () => {
    rig = await factsRig({ variants: { "account-attempts": "3" } });
    await rig.other.configure("AT+QSMTPATT=0");
    storageOf(rig.module, "RAM").delete("theirs.csv");
    const before = state();
    const { notRestored } = await rig.ask({ restart: () => rig.link.restart() });
    assert.deepEqual(notRestored, []);
    assert.deepEqual(state(), before);
  });

  it("leaves an account alone whose password the module masks, and says so before", async () => {
    rig = await factsRig({ variants: { "password-readback": "masked" } });
    const before = state();
    const notices: string[] = [];
    const lines = rig.module.log.lines().length;
    const { notRestored } = await rig.ask({ onNotice: (notice) => notices.push(notice) });
    const set = rig.module.log
      .lines()
      .slice(lines)
      .filter((line) => line.startsWith('AT+QSMTPCFG="account",'));
    assert.deepEqual(set, []);
    assert.deepEqual(notRestored, []);
    assert.deepEqual(state(), before);
    assert.ok(notices.some((notice) => notice.includes("masks its password")));
  });

  it("never stores settings, deletes by a wildcard, or sends to anybody", async () => {
    rig = await factsRig();
    const from = rig.module.log.lines().length;
    await rig.ask({ restart: () => rig.link.restart() });
    const lines = rig.module.log.lines().slice(from);
    assert.ok(lines.length > 300);
    assert.deepEqual(
      lines.filter((line) => /&W|&F|QFDEL="[^"]*\*|QPOWD/.test(line)),
      [],
    );
    const results = rig.module.log.entries.flatMap((entry) =>
      entry.kind === "event" && entry.text.startsWith("mail ended") ? [entry.text] : [],
    );
    assert.deepEqual([...new Set(results)], ["mail ended with 659,0"]);
  });

  it("leaves no connection behind, and tells a server that it connects to nothing but NOOP and QUIT", async () => {
    for (const uplink of ["unlimited", 4_000] as const) {
      rig = await factsRig({ module: { timing: { uplink } } });
      const before = state();
      const report = await rig.ask({ connect: GREETING, fill: "allowed" });
      assert.deepEqual(report.notRestored, []);
      assert.deepEqual(state(), before);
      const { length } = rig.heard.join("");
      assert.ok(length > 1_000 && length < 100_000, `${length} bytes`);
      // The last line of a connection may have been cut short.
      const lines = rig.heard.flatMap((text) => text.split("\r\n").slice(0, -1));
      for (const line of lines) assert.match(line, /^(NOOP( x+)?|QUIT)$/);
    }
  });

  it("fills no buffer unless that is allowed, and says beforehand that it will", async () => {
    for (const fill of [undefined, "allowed"] as const) {
      const notices: string[] = [];
      rig = await factsRig();
      await rig.ask({ connect: GREETING, fill, onNotice: (notice) => notices.push(notice) });
      const isSaid = notices.some((notice) => notice.includes("90 kB of NOOP"));
      assert.equal(isSaid, fill !== undefined);
      assert.equal(rig.heard.join("").length > 1_000, fill !== undefined);
    }
  });

  for (const [where, after] of [
    ["while lines of a socket go to another port", "close-time"],
    ["while a block is held back behind its prompt", "socket-urc-port"],
    ["while QICLOSE waits for a server that stays", "send-after-closed"],
  ] as const) {
    it(`closes its connection when it is stopped ${where}`, async () => {
      rig = await factsRig({ peer: "staysOpen" });
      const before = state();
      const stop = new AbortController();
      const report = await rig.ask({
        connect: GREETING,
        signal: stop.signal,
        onFact: ({ id }) => {
          if (id === after) rig.clock.after(2000, () => stop.abort());
        },
      });
      assert.deepEqual(report.end, { kind: "stopped" });
      assert.deepEqual(report.notRestored, []);
      assert.deepEqual(state(), before);
    });
  }

  it("deletes no file that has the name it would use", async () => {
    rig = await factsRig();
    for (const storage of ["RAM", "UFS"] as const) {
      storageOf(rig.module, storage).create("facts-1.txt", 5).content = Buffer.from("alien");
    }
    const before = state();
    const report = await rig.ask();
    assert.deepEqual(state(), before);
    assert.equal(answersOf(report)["attachment-limit"], "10");
  });

  for (const [where, after, ms] of [
    ["between two questions", "subject-limit", 0],
    ["while data are awaited", "file-name-limit", 1000],
    ["while result lines go to another port", "put-timeout-min", 2000],
  ] as const) {
    it(`puts everything back when it is stopped ${where}`, async () => {
      rig = await factsRig();
      const before = state();
      const stop = new AbortController();
      const report = await rig.ask({
        signal: stop.signal,
        onFact: ({ id }) => {
          if (id === after) rig.clock.after(ms, () => stop.abort());
        },
      });
      assert.deepEqual(report.end, { kind: "stopped" });
      assert.deepEqual(report.notRestored, []);
      assert.deepEqual(state(), before);
    });
  }

  it("ends with what it knows when the module is unplugged, and lists what is not put back", async () => {
    rig = await factsRig();
    const report = await rig.ask({
      onFact: ({ id }) => {
        if (id === "subject-limit") rig.module.unplug();
      },
    });
    assert.equal(report.end.kind, "lost");
    assert.equal(answersOf(report)["subject-limit"], "100");
    assert.equal(answersOf(report)["recipient-limit"], "notAsked: the run had ended");
    assert.ok(report.notRestored.includes("mail setting account"));
  });

  it("goes on after a question that the module does not answer", async () => {
    rig = await factsRig();
    rig.module.define((context, next) => (context.name === "+QPINC" ? new Promise(() => undefined) : next()));
    const report = await rig.ask();
    assert.match(answersOf(report)["key-qpinc"] ?? "", /^unclear/);
  });

  it("does not begin while a mail is being sent", async () => {
    rig = await factsRig();
    const before = state();
    await rig.clock.until(rig.link.execute(form("AT+CMEE=2")));
    await rig.other.configure('AT+QSMTPCFG="contextid",9', "AT+QSMTPPUT=60");
    await assert.rejects(rig.ask(), { code: "SMTP_BUSY" });
    await rig.clock.advance(40_000);
    await rig.other.configure('AT+QSMTPCFG="contextid",1');
    assert.deepEqual(state(), before);
    assert.equal((await rig.clock.until(rig.link.execute(form("AT+CMEE?"))))[0], "+CMEE: 2");
  });
});

/** User, password, sender and recipient of a mail that may be sent. */
const SAMPLE_VALUES = ["boiler9", "sample-word", "boiler9@example.org", "to-nobody@example.org"] as const;

describe("What a run of facts shows", () => {
  it("holds nothing private, whatever was allowed", async () => {
    const rig = await factsRig();
    const { transcript, ...report } = await rig.ask({
      connect: GREETING,
      restart: () => rig.link.restart(),
      send: {
        host: "127.0.0.9",
        port: 25,
        security: "none",
        user: SAMPLE_VALUES[0],
        password: SAMPLE_VALUES[1],
        sender: SAMPLE_VALUES[2],
        recipient: SAMPLE_VALUES[3],
        contextId: 1,
      },
    });
    const shown = `${transcript ?? ""}${JSON.stringify(report)}`;
    const secrets = [
      ...Object.values(PRIVATE),
      "127.0.0.9",
      GREETING.host,
      ...SAMPLE_VALUES,
      "8900101012345678901",
      "10.20.30.40",
    ];
    for (const secret of secrets) assert.ok(!shown.includes(secret), secret);
  });
});
