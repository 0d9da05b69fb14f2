/** The ladder of the module: a failure that only a restart cures, told under any number, and what survives the host. */
import assert from "node:assert/strict";
import { SPECIAL_HINTS } from "../../../lib/errors";
import { OK } from "../../../lib/simulator";
import { memoryMailer, transaction, type MemoryMailer } from "../../support/memory-mailer";

const MINUTE = 60_000;
const BOOT = { module: { timing: { bootMs: 3_000 } } } as const;

/** From now on each mail ends with this line, until the module restarts if `curable`. */
function dead(rig: MemoryMailer, line: string, curable: boolean): void {
  const undo = rig.module.define((context, next) => {
    const news = { "+QSMTPPUT": line, "+QIDNSGIP": '+QIURC: "dnsgip",565' }[context.name];
    if (news === undefined || context.form !== "write") return next();
    context.afterResult(() => rig.module.raiseUrc(news));
    return OK;
  });
  if (curable) rig.module.once("started", undo);
}

const restarts = (rig: MemoryMailer, from = 0): number =>
  rig.lines(from).filter((line) => line === "AT+CFUN=1,1").length;

interface Tried {
  /** Classes of the errors that were told, in turn. */
  readonly classes: readonly string[];
  readonly isAccepted: boolean;
  /** Virtual milliseconds. */
  readonly took: number;
}

/** Tries one mail as the outbox does, until it is accepted or `tries` back-offs are over. */
async function keepTrying(rig: MemoryMailer, tries = 6): Promise<Tried> {
  const began = rig.clock.now();
  const classes: string[] = [];
  for (let waited = 0; waited < tries;) {
    const outcome = await rig.send();
    assert.ok(outcome.kind === "ended");
    assert.ok(classes.length < 50, "it never waits");
    const took = rig.clock.now() - began;
    if (outcome.error === undefined) return { classes, isAccepted: true, took };
    classes.push(outcome.error.class);
    if (outcome.retry.kind !== "backOff") continue;
    waited++;
    await rig.clock.advance(Math.max(2 * MINUTE, outcome.retry.atLeastMs));
  }
  return { classes, isAccepted: false, took: rig.clock.now() - began };
}

describe("A module whose data stack is dead while it looks healthy", () => {
  for (const number of [651, 653, 654, 655, 656, 657, 658, 660, 661, 662, 663, 665]) {
    it(`and which says ${number} is restarted where mails went out before, and the mail goes out`, async () => {
      const rig = await memoryMailer(BOOT);
      await rig.send(transaction({ id: "before" }));
      dead(rig, `+QSMTPPUT: ${number},0`, true);
      const { classes, isAccepted, took } = await keepTrying(rig);
      assert.equal(isAccepted, true);
      assert.equal(restarts(rig), 1);
      assert.ok(took < 15 * MINUTE, `${took / MINUTE} minutes`);
      // A setup error would hold all mails and blame the person's settings.
      assert.ok(
        classes.every((one) => one === "transient"),
        classes.join(),
      );
      await rig.close();
    });
  }

  it("is told as a fault of the settings once a restart did not help", async () => {
    const rig = await memoryMailer(BOOT);
    await rig.send(transaction({ id: "before" }));
    dead(rig, "+QSMTPPUT: 665,0", false);
    const { classes, isAccepted } = await keepTrying(rig);
    assert.equal(isAccepted, false);
    assert.equal(restarts(rig), 1);
    assert.equal(classes.at(-1), "setup");
    await rig.close();
  });

  it("is not restarted for settings with which no mail ever went out", async () => {
    const rig = await memoryMailer(BOOT);
    dead(rig, "+QSMTPPUT: 665,0", false);
    const { classes } = await keepTrying(rig);
    assert.equal(restarts(rig), 0);
    assert.ok(classes.includes("setup"));
    await rig.close();
    const changed = await memoryMailer({ ...BOOT, smtp: { host: "other.example.com" } }, rig);
    dead(changed, "+QSMTPPUT: 665,0", false);
    await keepTrying(changed);
    assert.equal(restarts(changed), 0);
    await changed.close();
  });

  it("is not restarted for what the server says", async () => {
    const rig = await memoryMailer(BOOT);
    await rig.send(transaction({ id: "before" }));
    dead(rig, "+QSMTPPUT: 668,451", false);
    await keepTrying(rig);
    assert.equal(restarts(rig), 0);
    await rig.close();
  });

  it("is restarted nowhere where that is not allowed", async () => {
    for (const network of [{ allowReset: false }, { shared: true }]) {
      const rig = await memoryMailer({ ...BOOT, network });
      await rig.send(transaction({ id: "before" }));
      dead(rig, "+QSMTPPUT: 658,0", false);
      await keepTrying(rig);
      assert.equal(restarts(rig), 0);
      await rig.close();
    }
  });
});

describe("A module that says 654 because the server refuses the connection", () => {
  /** Names are found, and no server takes a connection. */
  const refuse = (rig: MemoryMailer): void => {
    const lines = {
      "+QSMTPPUT": ["+QSMTPPUT: 654,0"],
      "+QIDNSGIP": ['+QIURC: "dnsgip",0,1,600', '+QIURC: "dnsgip","192.0.2.7"'],
    } as const;
    rig.module.define((context, next) => {
      const news = Object.entries(lines).find(([name]) => name === context.name)?.[1];
      if (news === undefined || context.form !== "write") return next();
      context.afterResult(() => news.forEach((line) => rig.module.raiseUrc(line)));
      return OK;
    });
  };

  for (const before of [0, 1]) {
    it(`is not restarted, where ${before === 0 ? "no mail" : "a mail"} went out before`, async () => {
      const rig = await memoryMailer(BOOT);
      if (before > 0) await rig.send(transaction({ id: "before" }));
      refuse(rig);
      const { isAccepted, classes } = await keepTrying(rig);
      assert.equal(isAccepted, false);
      assert.ok(classes.length > 6);
      assert.equal(restarts(rig), 0);
      await rig.close();
    });
  }

  for (const before of [0, 1]) {
    it(`is restarted every six hours at most, where ${before === 0 ? "no mail" : "a mail"} went out before, because a name may be remembered`, async () => {
      const rig = await memoryMailer(BOOT);
      if (before > 0) await rig.send(transaction({ id: "before" }));
      refuse(rig);
      const times = [rig.clock.now()];
      for (let tries = 0; tries < 30; tries++) {
        await keepTrying(rig, 1);
        if (restarts(rig) >= times.length) times.push(rig.clock.now());
        await rig.clock.advance(15 * MINUTE);
      }
      const gaps = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / MINUTE);
      assert.ok(gaps.length >= 2, "it is never restarted");
      assert.ok(
        gaps.every((minutes) => minutes >= 6 * 60 && minutes < 8 * 60),
        gaps.join(),
      );
      await rig.close();
    });
  }
});

describe("A server's name that is not found", () => {
  const WITNESS = "pool.ntp.org";

  /** The server's name is not found; the witness is while `isOnline` says so. */
  function lose(rig: MemoryMailer, isOnline: () => boolean, result = "653,0"): void {
    rig.module.define((context, next) => {
      if (context.form !== "write") return next();
      const [, asked] = context.parameters;
      const isFound = asked?.kind === "string" && asked.text === WITNESS && isOnline();
      const news = {
        "+QSMTPPUT": [`+QSMTPPUT: ${result}`],
        "+QIDNSGIP": isFound
          ? ['+QIURC: "dnsgip",0,1,140', '+QIURC: "dnsgip","192.0.2.8"']
          : ['+QIURC: "dnsgip",565'],
      }[context.name];
      if (news === undefined) return next();
      context.afterResult(() => news.forEach((line) => rig.module.raiseUrc(line)));
      return OK;
    });
  }

  it("restarts nothing where another name is found, and is told as a fault of the field Server", async () => {
    const rig = await memoryMailer(BOOT);
    lose(rig, () => true);
    const { classes, isAccepted } = await keepTrying(rig);
    assert.equal(isAccepted, false);
    assert.equal(restarts(rig), 0);
    assert.equal(classes.at(-1), "setup");
    const outcome = await rig.send();
    assert.ok(outcome.kind === "ended");
    const last = outcome.error?.class === "setup" ? outcome : await rig.send();
    assert.ok(last.kind === "ended");
    assert.equal(last.error?.code, "SMTP_DNS_FAILED");
    assert.equal(last.error?.hint, SPECIAL_HINTS.noSuchServer);
    await rig.close();
  });

  it("restarts the module where no name is found: the connection is dead", async () => {
    const rig = await memoryMailer(BOOT);
    let isOnline = false;
    rig.module.once("started", () => (isOnline = true));
    lose(rig, () => isOnline);
    const { classes } = await keepTrying(rig, 1);
    assert.equal(restarts(rig), 1);
    // The restart has cured the connection, and what is left is the name.
    assert.equal(classes.at(-1), "setup");
    await rig.close();
  });

  it("restarts the module where mails have gone out to it before, whatever else is found", async () => {
    const rig = await memoryMailer(BOOT);
    await rig.send(transaction({ id: "before" }));
    lose(rig, () => true);
    const { classes } = await keepTrying(rig);
    assert.ok(restarts(rig) >= 1);
    assert.ok(classes.every((one) => one === "transient"));
    await rig.close();
  });

  it("restarts the module with another sender, too: the server is no more mistyped than before", async () => {
    const rig = await memoryMailer(BOOT);
    await rig.send(transaction({ id: "before" }));
    await rig.close();
    const again = await memoryMailer({ ...BOOT, smtp: { senderAddress: "new@example.com" } }, rig);
    lose(again, () => true);
    const { classes } = await keepTrying(again, 1);
    assert.ok(classes.every((one) => one === "transient"));
    assert.equal(restarts(again), 1);
    await again.close();
  });

  it("restarts the module once six hours are over, because the other name may be remembered", async () => {
    const rig = await memoryMailer(BOOT);
    lose(rig, () => true);
    await keepTrying(rig, 1);
    await rig.clock.advance(6 * 60 * MINUTE);
    await keepTrying(rig, 1);
    assert.equal(restarts(rig), 1);
    await rig.close();
  });
});

describe("The history of a module's failures", () => {
  it("survives the host: no restart comes sooner after the last because Node-RED was restarted", async () => {
    const rig = await memoryMailer(BOOT);
    dead(rig, "+QSMTPPUT: 660,0", false);
    await keepTrying(rig, 1);
    assert.equal(restarts(rig), 1);
    await rig.close();
    await rig.clock.advance(5 * MINUTE);
    const again = await memoryMailer(BOOT, rig);
    const from = again.lines().length;
    await keepTrying(again, 1);
    assert.equal(restarts(again, from), 0);
    await again.clock.advance(5 * MINUTE);
    await keepTrying(again, 1);
    assert.equal(restarts(again, from), 1);
    await again.close();
  });

  it("survives the host: what worked before is known after a restart of it", async () => {
    const rig = await memoryMailer(BOOT);
    await rig.send(transaction({ id: "before" }));
    await rig.close();
    const again = await memoryMailer(BOOT, rig);
    dead(again, "+QSMTPPUT: 658,0", true);
    const { isAccepted } = await keepTrying(again);
    assert.equal(isAccepted, true);
    assert.equal(restarts(again), 1);
    await again.close();
  });

  it("is nothing to go by when it is damaged, and is written anew", async () => {
    const rig = await memoryMailer(BOOT);
    await rig.close();
    for (const text of ["{", "null", '{"failures":-1,"restarts":0}', '{"failures":1,"restarts":"x"}']) {
      await rig.store.write("recovery", text);
      const again = await memoryMailer(BOOT, rig);
      assert.equal((await again.send(transaction({ id: text }))).recipients[0]?.state, "accepted");
      assert.match((await rig.store.read("recovery")) ?? "", /"worked":"[0-9a-f]{32}"/);
      await again.close();
    }
  });

  it("costs a mail that goes out like the one before no write", async () => {
    const rig = await memoryMailer(BOOT);
    await rig.send(transaction({ id: "one" }));
    let writes = 0;
    const write = rig.store.write.bind(rig.store);
    rig.store.write = (...page) => {
      writes++;
      return write(...page);
    };
    await rig.send(transaction({ id: "two" }));
    assert.equal(writes, 0);
    await rig.close();
  });
});
