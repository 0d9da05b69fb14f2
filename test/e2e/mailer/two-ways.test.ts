/** Two ways out as one mailer: what is known of both, and which of them a mail takes after each kind of end. */
import assert from "node:assert/strict";
import { AutoMailer } from "../../../lib/mailer/auto/auto-mailer";
import type { Outcome, OutgoingMail } from "../../../lib/mailer/mailer";
import type { Modem } from "../../../lib/quectel/connection/modem";
import { memoryStore, type KeyValueStore } from "../../../lib/quectel/key-value-store";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { ModemError, type ErrorCode, type ModemErrorOptions } from "../../../lib/errors";
import { FakeMailer, type Fate } from "../../support/fake-mailer";
import { FastClock } from "../../support/fast-clock";
import { transaction } from "../../support/memory-mailer";
import { ACCOUNT } from "../../support/memory-rig";
import { KeptLog } from "../../support/module-replies";

const HOUR_MS = 3_600_000;
const forever = (): AbortSignal => new AbortController().signal;
const fails = (code: ErrorCode, options: ModemErrorOptions = {}, more: object = {}): Fate => ({
  kind: "failed",
  error: new ModemError(code, options),
  ...more,
});
/** The module has no mail client, or no sockets. */
const NO_CLIENT = fails("MODEM_ERROR", { command: "AT+QSMTPCLR" }, { beforePut: true });
const NO_SOCKETS = fails("SOCKET_UNSUPPORTED", {}, { beforePut: true });

function bench(
  smtp: Partial<SmtpSettings> = {},
  { clock = new FastClock(), store = memoryStore() }: { clock?: FastClock; store?: KeyValueStore } = {},
) {
  const log = new KeptLog();
  const module = new FakeMailer();
  const socket = new FakeMailer();
  socket.plan = ({ to, cc, bcc }) => [{ to, cc, bcc }];
  const settings = { ...ACCOUNT, ...smtp };
  const modem = { clock, log, identity: { firmware: "A1" } as Modem["identity"] };
  const text = { ...settings, charset: "auto", lateNote: 0 } as const;
  const readableCoding = async () => undefined;
  const mailer = new AutoMailer({ modem, ways: { module, socket }, settings, text, store, readableCoding });
  const send = async (parts: Partial<OutgoingMail> = {}): Promise<Outcome> => {
    const how = { signal: forever(), ageMs: 0, possibleDuplicate: false };
    const one = await mailer.prepare(transaction(parts), how);
    return one.kind === "prepared" ? one.commit(forever()) : one;
  };
  /** Which ways a mail tries, in turn. */
  const tries = async (parts: Partial<OutgoingMail> = {}): Promise<string> => {
    const before = [module.tried.length, socket.tried.length];
    await send(parts);
    return ["module", "socket"]
      .filter((_way, at) => ([module, socket][at]?.tried.length ?? 0) > (before[at] ?? 0))
      .join();
  };
  return { clock, store, log, module, socket, mailer, modem, send, tries };
}

describe("Two ways out of one module", () => {
  it("are available while one of them is, and each change is told once until they are closed", () => {
    const { module, socket, mailer } = bench();
    const told: boolean[] = [];
    mailer.on("available", (available) => told.push(available));
    let closed = 0;
    module.close = socket.close = () => void closed++;
    for (const [way, available] of [
      [module, false],
      [socket, false],
      [module, true],
      [socket, true],
    ] as const) {
      way.setAvailable(available);
      assert.equal(mailer.available, module.available || socket.available);
    }
    assert.deepEqual(told, [false, true]);
    mailer.close();
    module.setAvailable(false);
    socket.setAvailable(false);
    assert.deepEqual([told.length, closed], [2, 2]);
  });

  it("are in trouble when both are, which is told as that of the module's client", () => {
    const { module, socket, mailer } = bench();
    const told = (): string | undefined => mailer.trouble?.code;
    module.trouble = new ModemError("MODEM_STUCK");
    assert.equal(told(), undefined);
    socket.trouble = new ModemError("MODEM_NOT_READY");
    assert.equal(told(), "MODEM_STUCK");
    module.trouble = undefined;
    assert.equal(told(), undefined);
  });

  it("know the later of their last mails, and take what a socket takes", () => {
    const { module, socket, mailer } = bench();
    const last = (): number | undefined => mailer.lastMail?.at;
    assert.equal(last(), undefined);
    socket.lastMail = { kind: "sent", at: 5 };
    assert.equal(last(), 5);
    module.lastMail = { kind: "sent", at: 7 };
    assert.equal(last(), 7);
    socket.lastMail = { kind: "sent", at: 9 };
    assert.equal(last(), 9);
    socket.lastMail = undefined;
    assert.equal(last(), 7);
    assert.equal(mailer.limits, socket.limits);
  });

  it("ask the way for a lost result whose mark it is", async () => {
    const { module, socket, mailer } = bench();
    const options = { signal: forever(), limitMs: 1000 };
    for (const via of ["module", "socket"] as const)
      await mailer.recover(transaction(), { via, data: 1 }, options);
    assert.deepEqual([module.questions.length, socket.questions.length], [1, 1]);
    assert.deepEqual([module.questions[0]?.mark.via, socket.questions[0]?.mark.via], ["module", "socket"]);
  });
});

describe("The way of a mail", () => {
  it("is the module's client up to its limits, and a socket beyond each of them", async () => {
    const people = (count: number): string[] =>
      Array.from({ length: count }, (_one, at) => `p${at}@example.com`);
    const { tries } = bench();
    for (const [parts, way] of [
      [{ to: people(20) }, "module"],
      [{ to: people(21) }, "socket"],
      [{ text: "x".repeat(3072) }, "module"],
      [{ text: "x".repeat(3073) }, "socket"],
      [{ subject: "x".repeat(99) }, "module"],
      [{ subject: "x".repeat(100) }, "socket"],
    ] as const) {
      assert.equal(await tries(parts), way);
    }
  });

  it("is the other one after a failure of the way alone, which the log tells", async () => {
    for (const [fate, isLeft] of [
      [NO_CLIENT, true],
      [fails("MODEM_CME", { command: "AT+QFUPL", modemCode: 100 }, { beforePut: true }), true],
      [fails("MODEM_ERROR", { command: "AT+QSSLCFG" }, { beforePut: true }), true],
      [fails("MODEM_ERROR", { command: "AT+QIACT" }, { beforePut: true }), false],
      [fails("MODEM_ERROR", {}, { beforePut: true }), false],
      [fails("MODEM_TIMEOUT", { command: "AT+QSMTPCLR" }, { beforePut: true }), false],
      [fails("FILE_NO_SPACE", {}, { beforePut: true }), true],
      [fails("FILE_NO_SPACE", { smtpCode: 452 }, { beforePut: true }), false],
      [fails("SMTP_AUTH_UNSUPPORTED", { modemCode: 655 }, { beforePut: true }), true],
      [fails("SMTP_AUTH_UNSUPPORTED", { modemCode: 677 }, { beforePut: true }), false],
      [fails("SMTP_NETWORK", { modemCode: 655 }, { beforePut: true }), false],
    ] as const) {
      const { module, tries, log } = bench();
      module.fate = () => fate;
      const about = fate.kind === "failed" ? JSON.stringify(fate.error) : "";
      assert.equal(await tries(), isLeft ? "module,socket" : "module", about);
      assert.equal(
        log.lines.some((line) => /is sent the other way: socket/.test(line)),
        isLeft,
        about,
      );
      assert.equal(await tries(), isLeft ? "socket" : "module", about);
    }
  });

  it("is the module's client in place of a socket only where nothing is encrypted", async () => {
    for (const [security, ways] of [
      ["none", "module,socket"],
      ["tls", "socket"],
      ["starttls", "socket"],
    ] as const) {
      const { socket, tries } = bench({ security });
      socket.fate = () => NO_SOCKETS;
      assert.equal(await tries({ text: "Füllstand" }), ways, security);
    }
    const { socket, tries } = bench({ password: "x".repeat(51) });
    socket.fate = () => NO_SOCKETS;
    assert.equal(await tries(), "socket", "whose login it does not take");
  });

  it("gets a second chance where the failure asks for one at once, and no third", async () => {
    const { module, tries } = bench();
    module.fate = () => ({ ...NO_CLIENT, retry: { kind: "atOnce" } }) as Fate;
    assert.equal(await tries(), "module");
    assert.equal(await tries({ id: "another" }), "module", "each mail has its own");
    assert.equal(await tries(), "module,socket");
  });

  it("is due at once by the other one where its own result says that it is no way", async () => {
    const { module, send, tries } = bench();
    module.fate = () => fails("SMTP_AUTH_UNSUPPORTED", { modemCode: 655 });
    const outcome = await send();
    assert.ok(outcome.kind === "ended");
    assert.deepEqual(outcome.retry, { kind: "atOnce" });
    assert.equal(outcome.error?.class, "transient");
    assert.equal(outcome.error?.code, "SMTP_AUTH_UNSUPPORTED");
    assert.equal(await tries(), "socket");
  });

  it("stays as it is where the result leaves open whether the mail has arrived, and where there is no other", async () => {
    const open = bench();
    open.module.fate = () => fails("SMTP_AUTH_UNSUPPORTED", { modemCode: 655 }, { delivered: true });
    const outcome = await open.send();
    assert.deepEqual([outcome.open, outcome.kind === "ended" && outcome.retry.kind], [true, "backOff"]);
    assert.equal(await open.tries(), "module");
    const lost = bench();
    lost.module.fate = () => ({ kind: "lost", delivered: true, answer: { kind: "unknown" } });
    const unknown = await lost.send();
    assert.deepEqual([unknown.kind, await lost.tries()], ["unknown", "module"]);
    const alone = bench();
    alone.socket.trouble = new ModemError("MODEM_NOT_READY");
    alone.module.fate = () => fails("SMTP_AUTH_UNSUPPORTED", { modemCode: 655 });
    const stays = await alone.send();
    assert.equal(stays.kind === "ended" && stays.retry.kind, "backOff");
    assert.equal(await alone.tries(), "module");
  });

  it("is never one in trouble, and the error of the first is told where neither works", async () => {
    const { module, socket, send, tries } = bench();
    module.trouble = new ModemError("MODEM_STUCK");
    assert.equal(await tries(), "socket");
    module.trouble = undefined;
    module.fate = () => NO_CLIENT;
    socket.fate = () => NO_SOCKETS;
    const outcome = await send();
    assert.ok(outcome.kind === "ended");
    assert.deepEqual([outcome.error?.code, outcome.error?.class], ["MODEM_ERROR", "transient"]);
  });

  it("that works again is left out for an hour, not for two, when it fails once more", async () => {
    const { module, clock, tries } = bench();
    module.fate = () => NO_CLIENT;
    assert.equal(await tries(), "module,socket");
    await clock.advance(HOUR_MS);
    module.fate = () => ({ kind: "sent" });
    assert.equal(await tries(), "module");
    module.fate = () => NO_CLIENT;
    assert.equal(await tries(), "module,socket");
    await clock.advance(HOUR_MS - 1);
    assert.equal(await tries(), "socket");
    await clock.advance(1);
    assert.equal(await tries(), "module,socket");
  });

  it("stays left out while nobody knows the firmware, and while it is the same", async () => {
    const { module, modem, tries } = bench();
    module.fate = () => NO_CLIENT;
    assert.equal(await tries(), "module,socket");
    for (const identity of [undefined, { firmware: "A1" } as Modem["identity"]]) {
      modem.identity = identity;
      assert.equal(await tries(), "socket");
    }
  });
});

describe("The ways that have failed", () => {
  /** What another process finds on the disk, after a while that it did not run. */
  const restarted = async (before: ReturnType<typeof bench>, smtp: Partial<SmtpSettings> = {}) => {
    before.mailer.close();
    const after = bench(smtp, { clock: before.clock, store: before.store });
    after.module.fate = before.module.fate;
    return after;
  };

  it("are left out by the next process for as long as by this one, and longer with each failure", async () => {
    const first = bench();
    first.module.fate = () => NO_CLIENT;
    assert.equal(await first.tries(), "module,socket");
    await first.clock.advance(HOUR_MS / 2);
    const second = await restarted(first);
    assert.equal(await second.tries(), "socket");
    await second.clock.advance(HOUR_MS / 2);
    assert.equal(await second.tries(), "module,socket");
    const third = await restarted(second);
    await third.clock.advance(2 * HOUR_MS - 1);
    assert.equal(await third.tries(), "socket");
    await third.clock.advance(1);
    third.module.fate = () => ({ kind: "sent" });
    assert.equal(await third.tries(), "module");
    const fourth = await restarted(third);
    fourth.module.fate = () => NO_CLIENT;
    assert.equal(await fourth.tries(), "module,socket");
    await fourth.clock.advance(HOUR_MS);
    assert.equal(await fourth.tries(), "module,socket", "a way that worked begins with an hour again");
  });

  it("get another chance with another firmware and with other settings, also after a restart", async () => {
    for (const [smtp, firmware, way] of [
      [{}, "A1", "socket"],
      [{}, "A2", "module"],
      [{ host: "other.example.com" }, "A1", "module"],
      [{ port: 2525 }, "A1", "module"],
    ] as const) {
      const first = bench();
      first.module.fate = () => NO_CLIENT;
      await first.tries();
      const next = await restarted(first, smtp);
      next.modem.identity = { firmware } as Modem["identity"];
      next.module.fate = () => ({ kind: "sent" });
      assert.equal(await next.tries(), way, JSON.stringify([smtp, firmware]));
    }
  });

  it("are left out no longer than they were to be, whatever the clock or the disk says", async () => {
    const first = bench();
    first.module.fate = () => NO_CLIENT;
    await first.tries();
    const text = await first.store.read("paused-ways");
    assert.ok(text !== undefined);
    // The clock of the host was a year ahead when it was written.
    const ahead = text.replace(
      /"until":(\d+)/,
      (_all, until) => `"until":${Number(until) + 365 * 24 * HOUR_MS}`,
    );
    for (const [kept, hours] of [
      [ahead, 1],
      ["{", 0],
      [text.replace('"ms":3600000', '"ms":1e300'), 0],
      [text.replace(/"until":\d+/, '"until":null'), 0],
    ] as const) {
      await first.store.write("paused-ways", kept);
      const next = await restarted(first);
      if (hours > 0) {
        assert.equal(await next.tries(), "socket", kept);
        await next.clock.advance(hours * HOUR_MS);
      }
      next.module.fate = () => ({ kind: "sent" });
      assert.equal(await next.tries(), "module", kept);
      first.module.fate = () => NO_CLIENT;
    }
  });

  it("are left out by this process although the disk takes no note, which the log says", async () => {
    const { module, tries, log } = bench(
      {},
      {
        store: {
          read: () => Promise.reject(new Error("EIO")),
          write: () => Promise.reject(new Error("EIO")),
        },
      },
    );
    module.fate = () => NO_CLIENT;
    assert.equal(await tries(), "module,socket");
    assert.equal(await tries(), "socket");
    assert.ok(log.lines.some((line) => /could not be saved: Error: EIO/.test(line)));
  });
});

describe("Private recipients", () => {
  const HIDDEN = { to: ["a@example.com"], cc: ["b@example.com"], bcc: ["c@example.com", "d@example.com"] };

  it("are planned as the socket carries them, and divided by the way that is to send them", async () => {
    const { mailer, module, socket, send, tries } = bench();
    assert.deepEqual(mailer.plan(HIDDEN), [HIDDEN]);
    const one = await mailer.prepare(
      { mail: transaction(HIDDEN).mail, envelope: HIDDEN },
      { signal: forever(), ageMs: 0, possibleDuplicate: false },
    );
    assert.ok(one.kind === "ended");
    assert.deepEqual(one.split, [
      { to: HIDDEN.to, cc: HIDDEN.cc, bcc: [] },
      { to: ["c@example.com"], cc: [], bcc: [] },
      { to: ["d@example.com"], cc: [], bcc: [] },
    ]);
    assert.deepEqual([one.retry.kind, one.error?.class], ["whenAvailable", "transient"]);
    assert.equal(await tries({ ...HIDDEN, text: "Füllstand" }), "socket");
    assert.deepEqual(socket.tried.at(-1)?.recipients, [...HIDDEN.to, ...HIDDEN.cc, ...HIDDEN.bcc]);
    // The only recipient is shown to himself.
    await send({ to: [], cc: [], bcc: ["c@example.com"] });
    assert.deepEqual(module.tried.at(-1)?.recipients, ["c@example.com"]);
    module.bccMode = "module";
    assert.equal(await tries(HIDDEN), "module");
  });

  it("stay private where the module's client takes the place of the socket", async () => {
    const { module, socket, send } = bench();
    socket.fate = () => NO_SOCKETS;
    const outcome = await send({ ...HIDDEN, text: "Füllstand" });
    assert.ok(outcome.kind === "ended");
    assert.equal(outcome.split?.length, 3);
    assert.equal(module.tried.length, 0);
  });
});
