import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import type { OutboxSettings } from "../../../lib/outbox/outbox-types";
import { FaultyFiles } from "../../support/faulty-files";
import { Bench, DIRECTORY, failure, mail, SETTINGS } from "./bench";

const MINUTE = 60_000;

describe("Holds of the outbox", () => {
  it("keeps all mails when a setup error would meet each of them, and reports it once", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => failure("SMTP_AUTH_FAILED", { smtpCode: 535 });
    for (const subject of ["1", "2", "3"]) await bench.accept(mail(subject));
    await bench.clock.advance(5 * 60 * MINUTE);
    assert.deepEqual(bench.tried, ["1"]);
    assert.equal(bench.ended.length, 0);
    assert.deepEqual(bench.holds, [
      {
        kind: "setup",
        code: "SMTP_AUTH_FAILED",
        message: "The mail server rejected the username or password",
        since: "2026-01-01T00:00:00.000Z",
      },
    ]);
    assert.deepEqual(bench.outbox.summary().hold, bench.holds[0]);
    assert.equal(bench.outbox.summary().nextTryInMs, undefined);
  });

  for (const code of [
    "SMTP_AUTH_FAILED",
    "SIM_PIN_REFUSED",
    "SIM_PUK_REQUIRED",
    "SIM_PIN_LAST_TRY",
  ] as const) {
    it(`never probes after ${code}`, async () => {
      const bench = await Bench.open();
      bench.mailer.fate = () => failure(code);
      await bench.accept(mail("alarm"));
      await bench.clock.advance(5 * 60 * MINUTE);
      assert.equal(bench.tried.length, 1);
    });
  }

  it("goes on trying under a setup error, whatever a flow has made of the hold that it was told", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () =>
      bench.clock.now() < 10 * MINUTE ? failure("SMTP_TLS_FAILED") : { kind: "sent" };
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.holds.length === 1);
    for (const hold of [bench.outbox.summary().hold, bench.holds[0]])
      Object.assign(hold ?? {}, { kind: "?" });
    assert.equal(bench.outbox.summary().hold?.kind, "setup");
    assert.equal((await bench.ends(1)).result.status, "sent");
  });

  it("tries one mail every half hour for other setup errors, and sends all when one gets through", async () => {
    const bench = await Bench.open();
    const times: number[] = [];
    bench.mailer.fate = () => {
      times.push(bench.clock.now() / MINUTE);
      return bench.clock.now() < 80 * MINUTE ? failure("SMTP_TLS_FAILED") : { kind: "sent" };
    };
    for (const subject of ["1", "2", "3"]) await bench.accept(mail(subject));
    await bench.ends(3);
    assert.deepEqual(times, [0, 30, 60, 90, 90, 90]);
    assert.deepEqual(bench.delivered, ["1", "2", "3"]);
    assert.deepEqual(
      bench.holds.map((hold) => hold?.kind),
      ["setup", undefined],
    );
    assert.equal(bench.ended[0]?.result.attempts, 4);
  });

  it("probes by the first copy of a mail that is divided only then, not half an hour later", async () => {
    const bench = await Bench.open({ bccMode: "module" });
    const times: number[] = [];
    bench.mailer.fate = () => {
      times.push(bench.clock.now() / MINUTE);
      return bench.clock.now() < 20 * MINUTE ? failure("SMTP_TLS_FAILED") : { kind: "sent" };
    };
    await bench.accept(mail("alarm", { bcc: ["x@example.com", "y@example.com"] }));
    await bench.clock.run(() => bench.holds.length === 1);
    bench.mailer.bccMode = "private";
    assert.equal((await bench.ends(1)).result.status, "sent");
    assert.deepEqual(times, [0, 30, 30, 30]);
  });

  it("probes when the module is back that went away during the probe, not half an hour later", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) => {
      if (number === 1) return failure("SMTP_TLS_FAILED");
      if (number > 2) return { kind: "sent" };
      bench.mailer.setAvailable(false);
      const retry = { kind: "whenAvailable" } as const;
      return { kind: "failed", error: new ModemError("MODEM_NOT_READY"), beforePut: true, retry };
    };
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.tried.length === 2);
    await bench.clock.advance(MINUTE);
    bench.mailer.setAvailable(true);
    assert.equal((await bench.ends(1)).result.status, "sent");
    assert.equal(bench.clock.now(), 31 * MINUTE);
  });

  it("takes the remedy that is left for its probe at once, and what follows half an hour later", async () => {
    const bench = await Bench.open();
    const times: number[] = [];
    bench.mailer.fate = (_transaction, number) => {
      times.push(bench.clock.now() / MINUTE);
      if (number === 1) return failure("SMTP_TLS_FAILED");
      const error = new ModemError("SMTP_NETWORK");
      const retry = number === 2 ? ({ kind: "atOnce" } as const) : undefined;
      return { kind: "failed", error, beforePut: true, ...(retry && { retry }) };
    };
    await bench.accept(mail("alarm"));
    await bench.clock.advance(62 * MINUTE);
    assert.deepEqual(times, [0, 30, 30, 60]);
  });

  it("probes no more often after a restart", async () => {
    const first = await Bench.open();
    first.mailer.fate = () => failure("SMTP_TLS_FAILED");
    await first.accept(mail("alarm"));
    await first.clock.advance(40 * MINUTE);
    assert.equal(first.tried.length, 2);
    const second = await first.restart();
    await second.clock.advance(15 * MINUTE);
    assert.equal(second.tried.length, 2);
    await second.clock.advance(10 * MINUTE);
    assert.equal(second.tried.length, 3);
    assert.deepEqual(second.holds, [], "the hold was reported by the first run");
    assert.equal(second.outbox.summary().hold?.kind, "setup");
  });

  it("ends when the settings concerned have changed, not when others have", async () => {
    const first = await Bench.open();
    first.mailer.fate = () => failure("SMTP_AUTH_FAILED", { smtpCode: 535 });
    await first.accept(mail("alarm"));
    await first.clock.run(() => first.holds.length === 1);
    await first.clock.advance(1000);
    const other = { ...SETTINGS.fingerprint, apn: "internet", sim: "9999" };
    const second = await first.restart({ settings: { fingerprint: other } });
    await second.clock.advance(60 * MINUTE);
    assert.equal(second.tried.length, 1);
    second.mailer.fate = () => ({ kind: "sent" });
    const right = { ...SETTINGS.fingerprint, login: "user:other secret" };
    const third = await second.restart({ settings: { fingerprint: right } });
    assert.equal((await third.ends(1)).result.status, "sent");
    assert.deepEqual(third.holds, [undefined]);
  });

  it("ends by resume, and forgets no mail for the time of the hold", async () => {
    const bench = await Bench.open({ settings: { maxAge: 60 } });
    bench.mailer.fate = (_transaction, number) =>
      number === 1 ? failure("SMTP_AUTH_FAILED") : { kind: "sent" };
    await bench.accept(mail("alarm"));
    await bench.clock.advance(10 * 60 * MINUTE);
    await bench.clock.until(bench.outbox.resume());
    assert.equal((await bench.ends(1)).result.status, "sent");
  });

  it("lets a mail's own limit end it under a hold", async () => {
    const bench = await Bench.open({ settings: { maxAge: 60 } });
    bench.mailer.fate = () => failure("SMTP_AUTH_FAILED");
    await bench.accept(mail("report"));
    await bench.accept(mail("alarm"), { maxAge: 5 });
    const { failure: told } = await bench.ends(1);
    assert.equal(bench.clock.now(), 5 * MINUTE);
    assert.equal(told?.code, "OUTBOX_EXPIRED");
    assert.match(told?.message ?? "", /rejected the username or password/);
    await bench.clock.advance(5 * 60 * MINUTE);
    assert.equal(bench.ended.length, 1);
  });

  it("ends when the server judges the probe mail, because it has let us in", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) => {
      if (number === 1) return failure("SMTP_ACCESS_DENIED", { smtpCode: 530 });
      return number === 2 ? failure("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 }) : { kind: "sent" };
    };
    await bench.accept(mail("1"));
    await bench.accept(mail("2"));
    await bench.ends(2);
    assert.equal(bench.outbox.summary().hold, undefined);
    assert.deepEqual(bench.delivered, ["2"]);
  });

  it("names the other error when the probe meets one", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number === 1 ? failure("SMTP_TLS_FAILED") : failure("SMTP_AUTH_FAILED", { smtpCode: 535 });
    await bench.accept(mail("1"));
    await bench.clock.advance(120 * MINUTE);
    assert.deepEqual(
      bench.holds.map((hold) => hold?.kind === "setup" && hold.code),
      ["SMTP_TLS_FAILED", "SMTP_AUTH_FAILED"],
    );
    assert.equal(bench.tried.length, 2);
  });

  it("holds for an error that the modem met itself until the modem is ready", async () => {
    const bench = await Bench.open();
    bench.mailer.available = false;
    await bench.accept(mail("alarm"));
    await bench.clock.until(bench.outbox.holdFor(new ModemError("SIM_PIN_REQUIRED")));
    await bench.clock.advance(5 * 60 * MINUTE);
    assert.equal(bench.ended.length, 0);
    bench.mailer.setAvailable(true);
    assert.equal((await bench.ends(1)).result.status, "sent");
    assert.deepEqual(
      bench.holds.map((hold) => hold?.kind),
      ["setup", undefined],
    );
  });

  it("keeps a deactivated PDP context's hold over restarts, and resume does not end it", async () => {
    const first = await Bench.open();
    await first.clock.until(first.outbox.holdFor("pdp"));
    await first.accept(mail("alarm"));
    const second = await first.restart();
    await second.clock.until(second.outbox.resume());
    await second.clock.advance(5 * 60 * MINUTE);
    assert.equal(second.tried.length, 0);
    assert.equal(second.outbox.summary().hold?.kind, "pdp");
    await second.clock.until(second.outbox.releaseFrom("pdp"));
    assert.equal((await second.ends(1)).result.status, "sent");
  });

  it("puts a mail that is being prepared back by pause, as if it had not been tried, and sends it after resume", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number === 1 ? { kind: "hangs", beforePut: true } : { kind: "sent" };
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.tried.length === 1);
    await bench.clock.until(bench.outbox.pause());
    await bench.clock.advance(MINUTE);
    assert.deepEqual([bench.tried.length, bench.mailer.running], [1, 0]);
    assert.deepEqual((await bench.outbox.list()).rows[0]?.state, "waiting");
    await bench.clock.until(bench.outbox.resume());
    const { result } = await bench.ends(1);
    assert.deepEqual([result.status, result.attempts, result.possibleDuplicate], ["sent", 1, undefined]);
    assert.equal(bench.mailer.delivered[0]?.isMarked, false);
  });

  it("sends no mail by pause whose mark is just being written", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    const rename = files.rename.bind(files);
    let pausing: Promise<void> | undefined;
    files.rename = async (from, to) => {
      if (to.includes("/sending/")) await (pausing ??= bench.outbox.pause());
      await rename(from, to);
    };
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => pausing !== undefined);
    await bench.clock.advance(MINUTE);
    assert.deepEqual([bench.delivered, bench.mailer.running], [[], 0]);
    assert.deepEqual(await files.list("/spool/modem/sending"), []);
    await bench.clock.until(bench.outbox.resume());
    const { result } = await bench.ends(1);
    assert.deepEqual([result.status, result.possibleDuplicate], ["sent", undefined]);
  });

  it("lets a mail in flight go on under pause, and the next one wait", async () => {
    const bench = await Bench.open();
    let goOn = (): void => undefined;
    let steps = 0;
    bench.mailer.step = () =>
      ++steps === 2 ? new Promise((resolve) => (goOn = resolve)) : Promise.resolve();
    await bench.accept(mail("alarm"));
    await bench.accept(mail("next"));
    await bench.clock.run(() => steps === 2);
    await bench.clock.until(bench.outbox.pause());
    goOn();
    assert.equal((await bench.ends(1)).result.status, "sent");
    await bench.clock.advance(MINUTE);
    assert.deepEqual(bench.tried, ["alarm"]);
  });

  it("keeps a pause over restarts until resume", async () => {
    const first = await Bench.open();
    await first.clock.until(first.outbox.pause());
    await first.accept(mail("alarm"));
    const second = await first.restart();
    await second.clock.advance(5 * 60 * MINUTE);
    assert.equal(second.outbox.summary().hold?.kind, "paused");
    assert.equal(second.tried.length, 0);
    await second.clock.until(second.outbox.resume());
    await second.ends(1);
    assert.deepEqual(second.holds, [undefined]);
  });

  it("shows what a person did before what an error did", async () => {
    const bench = await Bench.open();
    await bench.clock.until(bench.outbox.holdFor(new ModemError("SMTP_TLS_FAILED")));
    await bench.clock.until(bench.outbox.holdFor("pdp"));
    assert.equal(bench.outbox.summary().hold?.kind, "pdp");
    await bench.clock.until(bench.outbox.pause());
    assert.equal(bench.outbox.summary().hold?.kind, "paused");
    await bench.clock.until(bench.outbox.releaseFrom("pdp"));
    await bench.clock.until(bench.outbox.resume());
    assert.equal(bench.outbox.summary().hold, undefined);
  });

  it("says since when an error holds, whatever probes have met it since", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => failure("SMTP_TLS_FAILED");
    await bench.clock.advance(MINUTE);
    await bench.accept(mail("alarm"));
    await bench.clock.advance(65 * MINUTE);
    assert.equal(bench.tried.length, 3);
    const { hold, nextTryInMs } = bench.outbox.summary();
    assert.deepEqual([hold?.since, nextTryInMs], ["2026-01-01T00:01:00.000Z", 25 * MINUTE]);
    assert.deepEqual(bench.holds, [hold]);
  });

  it("says to the modem which cause of a hold is new", async () => {
    const bench = await Bench.open();
    const isNew = async (cause: ModemError | "pdp"): Promise<boolean> =>
      bench.clock.until(bench.outbox.holdFor(cause));
    assert.deepEqual([await isNew("pdp"), await isNew("pdp")], [true, false]);
    const [pin, puk] = [new ModemError("SIM_PIN_REQUIRED"), new ModemError("SIM_PUK_REQUIRED")];
    assert.deepEqual([await isNew(pin), await isNew(pin), await isNew(puk)], [true, false, false]);
  });

  for (const [code, isOver] of [
    ["SIM_PIN_REQUIRED", true],
    ["SIM_PUK_REQUIRED", true],
    ["PDP_NO_APN", false],
    ["LIMIT_CREDENTIALS", false],
    ["SMTP_TLS_FAILED", false],
    ["MODEM_RESULT_MISSING", false],
  ] as const) {
    it(`${isOver ? "ends" : "stays"} for ${code} when the modem is ready`, async () => {
      const bench = await Bench.open({ available: false });
      await bench.clock.until(bench.outbox.holdFor(new ModemError(code)));
      bench.mailer.setAvailable(true);
      await bench.clock.advance(1000);
      const { hold } = bench.outbox.summary();
      assert.equal(hold?.kind === "setup" ? hold.code : undefined, isOver ? undefined : code);
    });
  }

  it("for an update of the package ends by a start of Node-RED", async () => {
    const first = await Bench.open();
    await first.clock.until(first.outbox.holdFor(new ModemError("PACKAGE_UPDATED")));
    await first.accept(mail("alarm"));
    await first.clock.advance(MINUTE);
    assert.equal(first.delivered.length, 0);
    const second = await first.restart();
    assert.deepEqual([second.outbox.summary().hold, second.holds], [undefined, [undefined]]);
    assert.equal((await second.ends(1)).result.status, "sent");
  });

  it("tells that a pause is what is left when settings have ended the error behind it", async () => {
    const first = await Bench.open();
    await first.clock.until(first.outbox.holdFor(new ModemError("SMTP_AUTH_FAILED")));
    await first.clock.until(first.outbox.pause());
    const fingerprint = { ...SETTINGS.fingerprint, login: "user:other secret" };
    const second = await first.restart({ settings: { fingerprint } });
    assert.deepEqual(second.holds, [{ kind: "paused", since: "2026-01-01T00:00:00.000Z" }]);
    await second.clock.until(second.outbox.resume());
    assert.equal(second.outbox.summary().hold, undefined);
  });

  it("holds after two lost results though the PDP context was deactivated in between", async () => {
    for (const between of ["pdp", "resume"] as const) {
      const bench = await Bench.open();
      bench.mailer.fate = () => ({ kind: "lost", delivered: true });
      await bench.accept(mail("1"), { delivery: "atMostOnce" });
      await bench.ends(1);
      if (between === "resume") await bench.clock.until(bench.outbox.resume());
      else {
        await bench.clock.until(bench.outbox.holdFor("pdp"));
        await bench.clock.until(bench.outbox.releaseFrom("pdp"));
      }
      await bench.accept(mail("2"), { delivery: "atMostOnce" });
      await bench.ends(2);
      await bench.clock.advance(1000);
      const { hold } = bench.outbox.summary();
      const expected = between === "pdp" ? "MODEM_RESULT_MISSING" : undefined;
      assert.equal(hold?.kind === "setup" ? hold.code : undefined, expected, between);
    }
  });

  it("is not ended by a result that says only that results arrive, and its probe is still due then", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) => {
      if (number === 1) return { kind: "lost", delivered: false };
      if (number === 2) return failure("SMTP_TLS_FAILED");
      if (number > 3) return { kind: "sent" };
      bench.mailer.setAvailable(false);
      return { kind: "failed", error: new ModemError("MODEM_NOT_READY"), retry: { kind: "whenAvailable" } };
    };
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.tried.length === 3);
    await bench.clock.advance(MINUTE);
    const { hold } = bench.outbox.summary();
    assert.equal(hold?.kind === "setup" && hold.code, "SMTP_TLS_FAILED");
    bench.mailer.setAvailable(true);
    assert.equal((await bench.ends(1)).result.status, "sent");
    assert.ok(bench.clock.now() < 32 * MINUTE, `${bench.clock.now()} ms`);
  });

  it("keeps the digest of settings that have not changed, and says what of its state was damaged or not written", async () => {
    const files = new FaultyFiles();
    const path = `${DIRECTORY}/state.json`;
    const digest = (): unknown => (JSON.parse(files.text(path)) as { readonly settings: unknown }).settings;
    const first = await Bench.open({ files });
    const before = digest();
    const second = await first.restart();
    assert.deepEqual(digest(), before);
    const fingerprint = { ...SETTINGS.fingerprint, apn: "internet" };
    const third = await second.restart({ settings: { fingerprint } });
    assert.notDeepEqual(digest(), before);
    files.fault = ({ path: at }) => (at.includes("state.json") ? "EIO" : undefined);
    await third.clock.until(third.outbox.pause());
    assert.deepEqual(
      third.troubles.map(({ code, message }) => [code, message]),
      [["OUTBOX_DISK", "The outbox could not read or write a file on disk: i/o error (EIO)"]],
    );
    await third.clock.until(third.outbox.close());
    files.put(path, "{");
    const fourth = await third.restart();
    assert.deepEqual(
      fourth.troubles.map(({ code, message }) => [code, message]),
      [
        [
          "OUTBOX_DAMAGED",
          "Data of the outbox on disk is damaged or cannot be used: state.json: not a JSON text; ages are reset",
        ],
      ],
    );
  });

  it("writes no secret to the disk", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.mailer.fate = () => failure("SMTP_AUTH_FAILED", { smtpCode: 535 });
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => files.text("/spool/modem/state.json").includes("hash"));
    for (const path of files.paths()) {
      assert.ok(!files.text(path).includes("secret"), path);
      assert.ok(!files.text(path).includes("1234"), path);
    }
  });

  for (const [code, concerns] of [
    ["SIM_MISSING", ["sim"]],
    ["PDP_NO_APN", ["apn"]],
    ["LIMIT_SERVER", ["server"]],
    ["LIMIT_CREDENTIALS", ["login", "apn"]],
    ["SMTP_ACCESS_DENIED", ["server", "login"]],
    ["SMTP_AUTH_FAILED", ["server", "login"]],
  ] as const) {
    it(`ends for ${code} with a change of ${concerns.join(" or ")}, and of nothing else`, async () => {
      const changed = (names: readonly string[]): OutboxSettings["fingerprint"] => ({
        ...SETTINGS.fingerprint,
        ...Object.fromEntries(names.map((name) => [name, "other"])),
      });
      const others = Object.keys(SETTINGS.fingerprint).filter(
        (name) => !concerns.some((one) => one === name),
      );
      for (const concern of concerns) {
        let bench = await Bench.open({ available: false });
        await bench.clock.until(bench.outbox.holdFor(new ModemError(code)));
        bench = await bench.restart({ settings: { fingerprint: changed(others) } });
        assert.equal(bench.outbox.summary().hold?.kind, "setup");
        bench = await bench.restart({ settings: { fingerprint: changed([...others, concern]) } });
        assert.equal(bench.outbox.summary().hold, undefined, concern);
      }
    });
  }
});
