import assert from "node:assert/strict";
import { AutoMailer } from "../../../lib/mailer/auto/auto-mailer";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { FakeMailer, type Fate } from "../../support/fake-mailer";
import { ACCOUNT } from "../../support/memory-rig";
import { KeptLog } from "../../support/module-replies";
import { VirtualClock } from "../../support/virtual-clock";
import { Bench, failure, mail } from "./bench";

const TEAM = ["a@example.com", "b@example.com", "c@example.com"];

/** A server that refuses single recipients, as the module sees it: the whole transaction fails. */
function refusing(bad: Readonly<Record<string, number>>): Bench["mailer"]["fate"] {
  return ({ to, cc, bcc }): Fate => {
    for (const address of [...to, ...cc, ...bcc]) {
      const smtpCode = bad[address];
      if (smtpCode === undefined) continue;
      return failure(smtpCode === 450 ? "SMTP_MAILBOX_BUSY" : "SMTP_MAILBOX_UNAVAILABLE", { smtpCode });
    }
    return { kind: "sent" };
  };
}

describe("Recipients of one mail", () => {
  it("serves a private Bcc recipient alone, and none of them twice when another fails", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = ({ to }, number) =>
      to.includes("b@example.com") && number < 4 ? failure("SMTP_NETWORK") : { kind: "sent" };
    await bench.accept(mail("Level high", { bcc: ["b@example.com", "c@example.com"] }));
    const { result } = await bench.ends(1);
    assert.deepEqual(
      bench.mailer.delivered.map(({ recipients }) => recipients),
      [["ops@example.com"], ["c@example.com"], ["b@example.com"]],
    );
    assert.equal(result.status, "sent");
    assert.deepEqual(result.accepted, ["ops@example.com", "b@example.com", "c@example.com"]);
  });

  it("keeps Bcc private although the mail was accepted for another way, whose settings were changed since", async () => {
    const bench = await Bench.open();
    bench.mailer.plan = ({ to, cc, bcc }) => [{ to, cc, bcc }];
    bench.mailer.fate = () => {
      if (!Object.hasOwn(bench.mailer, "plan")) return { kind: "sent" };
      Reflect.deleteProperty(bench.mailer, "plan");
      return failure("SMTP_NETWORK");
    };
    await bench.accept(mail("Level high", { bcc: ["b@example.com", "c@example.com"] }));
    const { result } = await bench.ends(1);
    assert.deepEqual(
      bench.mailer.delivered.map(({ recipients }) => recipients),
      [["ops@example.com"], ["b@example.com"], ["c@example.com"]],
    );
    assert.deepEqual([result.status, result.attempts], ["sent", 2]);
  });

  it("serves a private Bcc recipient alone by the module's client, and with the others by socket, as one try", async () => {
    const [facade, module, socket] = [new FakeMailer(), new FakeMailer(), new FakeMailer()];
    socket.plan = ({ to, cc, bcc }) => [{ to, cc, bcc }];
    const clock = new VirtualClock();
    const text = { ...ACCOUNT, charset: "auto", lateNote: 0 } as const;
    const auto = new AutoMailer({
      modem: { clock, identity: undefined, log: new KeptLog() },
      ways: { module, socket },
      settings: ACCOUNT,
      text,
      store: memoryStore(),
      readableCoding: async () => undefined,
    });
    facade.plan = (one) => auto.plan(one);
    facade.prepare = (...args) => auto.prepare(...args);
    const bench = await Bench.open({ clock, mailer: facade });
    const HIDDEN = { cc: ["a@example.com"], bcc: ["b@example.com", "c@example.com"] };
    for (const [count, subject, parts] of [
      [1, "Level high", [["ops@example.com", "a@example.com"], ["b@example.com"], ["c@example.com"]]],
      [2, "Füllstand", [["ops@example.com", "a@example.com", "b@example.com", "c@example.com"]]],
    ] as const) {
      await bench.accept(mail(subject, HIDDEN));
      const { result } = await bench.ends(count);
      assert.deepEqual([result.status, result.attempts], ["sent", 1], subject);
      const delivered = [...module.delivered, ...socket.delivered].filter((one) => one.subject === subject);
      assert.deepEqual(
        delivered.map(({ recipients }) => recipients),
        parts,
        subject,
      );
    }
    assert.equal(bench.failing.length, 0);
  });

  it("serves all in one transaction where the module is to write Bcc", async () => {
    const bench = await Bench.open({ bccMode: "module" });
    await bench.accept(
      mail("Level high", { cc: ["a@example.com"], bcc: ["b@example.com", "c@example.com"] }),
    );
    await bench.ends(1);
    assert.deepEqual(
      bench.mailer.delivered.map(({ recipients }) => recipients),
      [["ops@example.com", "a@example.com", "b@example.com", "c@example.com"]],
    );
  });

  it("counts how often the mail was tried, not how many transactions it took", async () => {
    const bench = await Bench.open();
    await bench.accept(mail("Level high", { bcc: ["b@example.com", "c@example.com"] }));
    assert.equal((await bench.ends(1)).result.attempts, 1);
    assert.equal(bench.tried.length, 3);
    let refusals = 2;
    bench.mailer.fate = ({ to }) =>
      to.includes("b@example.com") && refusals-- > 0 ? failure("SMTP_NETWORK") : { kind: "sent" };
    await bench.accept(mail("Level low", { bcc: ["b@example.com", "c@example.com"] }));
    assert.equal((await bench.ends(2)).result.attempts, 3);
    assert.equal(bench.tried.length, 3 + 5);
  });

  it("goes on counting after retry", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = refusing({ "ops@example.com": 550 });
    const id = await bench.accept(mail("Level high", { bcc: ["b@example.com"] }));
    assert.equal((await bench.ends(1)).result.attempts, 1);
    bench.mailer.fate = () => ({ kind: "sent" });
    await bench.clock.until(bench.outbox.retry(id));
    assert.equal((await bench.ends(2)).result.attempts, 2);
  });

  it("serves nobody again after a restart who was served before it", async () => {
    const first = await Bench.open();
    first.mailer.fate = ({ to }) =>
      to.includes("b@example.com") ? failure("SMTP_NETWORK") : { kind: "sent" };
    await first.accept(mail("Level high", { bcc: ["b@example.com"] }));
    await first.clock.run(() => first.tried.length === 2);
    const second = await first.restart();
    second.mailer.fate = () => ({ kind: "sent" });
    const { result } = await second.ends(1);
    assert.deepEqual(
      second.mailer.delivered.map(({ recipients }) => recipients),
      [["ops@example.com"], ["b@example.com"]],
    );
    assert.equal(result.possibleDuplicate, undefined);
  });

  for (const smtpCode of [501, 550, 551, 552, 553, 554]) {
    it(`gives the others the mail when the server refuses one of them with ${smtpCode}`, async () => {
      const bench = await Bench.open();
      bench.mailer.fate = refusing({ "b@example.com": smtpCode });
      await bench.accept(mail("Level high", { to: TEAM }));
      const { result, failure: told } = await bench.ends(1);
      assert.equal(result.status, "partial");
      assert.deepEqual(result.accepted, ["a@example.com", "c@example.com"]);
      assert.deepEqual(result.rejected, [{ address: "b@example.com", modemCode: 678, smtpCode }]);
      assert.equal(told?.outcome, "partial");
      assert.equal(bench.mailer.delivered.length, 2);
    });
  }

  it("tries a recipient whose mailbox is busy again while the others have the mail", async () => {
    const bench = await Bench.open();
    const bad: Record<string, number> = { "b@example.com": 450 };
    bench.mailer.fate = (transaction, number) => refusing(bad)(transaction, number);
    await bench.accept(mail("Level high", { to: TEAM }));
    await bench.clock.run(() => bench.delivered.length === 2);
    assert.ok(bench.clock.now() < 1000);
    delete bad["b@example.com"];
    const { result } = await bench.ends(1);
    assert.equal(result.status, "sent");
    assert.equal(bench.delivered.length, 3);
  });

  it("parts a mail that has more recipients than the module takes, or one that is too long for it", async () => {
    for (const code of ["LIMIT_RECIPIENTS", "LIMIT_ADDRESS"] as const) {
      const bench = await Bench.open();
      bench.mailer.fate = ({ to }) => (to.length > 1 ? failure(code) : { kind: "sent" });
      await bench.accept(mail("Level high", { to: TEAM }));
      assert.equal((await bench.ends(1)).result.status, "sent");
    }
  });

  it("fails when all recipients are refused", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => failure("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 });
    await bench.accept(mail("Level high", { to: TEAM }));
    const { result } = await bench.ends(1);
    assert.equal(result.status, "failed");
    assert.deepEqual(
      result.rejected.map(({ address }) => address),
      TEAM,
    );
    assert.equal(result.attempts, 2, "all together, then each alone");
  });

  it("is partial when the time is over before all have the mail", async () => {
    const bench = await Bench.open({ settings: { maxAge: 10 } });
    bench.mailer.fate = refusing({ "b@example.com": 450 });
    await bench.accept(mail("Level high", { to: TEAM }));
    const { result, failure: told } = await bench.ends(1);
    assert.equal(result.status, "partial");
    assert.deepEqual(result.accepted, ["a@example.com", "c@example.com"]);
    assert.deepEqual(result.rejected, [{ address: "b@example.com", modemCode: 667, smtpCode: 450 }]);
    assert.deepEqual([told?.code, told?.class, told?.smtpCode], ["OUTBOX_EXPIRED", "message", 450]);
  });

  it("gives only those the mail by retry who have not got it", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = refusing({ "b@example.com": 550 });
    const id = await bench.accept(mail("Level high", { to: TEAM }));
    await bench.ends(1);
    bench.mailer.fate = () => ({ kind: "sent" });
    assert.equal(await bench.clock.until(bench.outbox.retry(id)), 1);
    const { result, recovered } = await bench.ends(2);
    assert.equal(result.status, "sent");
    assert.equal(recovered, true);
    assert.deepEqual(bench.mailer.delivered.at(-1)?.recipients, ["b@example.com"]);
    assert.equal(bench.delivered.length, 3);
  });
});
