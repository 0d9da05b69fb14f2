import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import { ChangeTick } from "../../../nodes/runtime/sidebar/change-tick";
import { EndedMails } from "../../../nodes/runtime/sidebar/ended-mails";
import { SAMPLES_KEPT_FOR_MS, SignalSamples } from "../../../nodes/runtime/sidebar/signal-samples";
import { VirtualClock } from "../../support/virtual-clock";

const MINUTE = 60_000;

describe("The samples of the signal", () => {
  it("are those of the last two hours, oldest first, with gaps where the modem was away", async () => {
    const clock = new VirtualClock();
    const samples = new SignalSamples(clock);
    samples.add({ registration: "home", technology: "LTE", rssiDbm: -71 });
    await clock.advance(MINUTE);
    samples.add(undefined);
    assert.deepEqual(samples.list(), [{ ageMs: MINUTE, rssiDbm: -71, technology: "LTE" }, { ageMs: 0 }]);
    assert.equal(samples.latest, undefined);
    await clock.advance(SAMPLES_KEPT_FOR_MS);
    assert.deepEqual(samples.list(), [{ ageMs: SAMPLES_KEPT_FOR_MS }]);
  });

  it("stay few however often they are taken, and do not mind a clock that jumps", async () => {
    const clock = new VirtualClock();
    const samples = new SignalSamples(clock);
    for (let count = 0; count < 10_000; count++) samples.add({ registration: "home", rssiDbm: -71 });
    assert(samples.list().length <= 200);
    clock.jumpWall(-1e10);
    assert.equal(samples.list()[0]?.ageMs, 0);
  });
});

describe("The tick", () => {
  it("is published at once, then at most once a second, and the last change is never lost", async () => {
    const clock = new VirtualClock();
    const told: number[] = [];
    let value = 0;
    const seen: number[] = [];
    const tick = new ChangeTick(clock, () => {
      told.push(clock.now());
      seen.push(value);
    });
    for (; value < 100; value++) {
      tick.changed();
      await clock.advance(35);
    }
    await clock.advance(5000);
    assert.deepEqual(told, [0, 1000, 2000, 3000, 4000]);
    assert.equal(seen.at(-1), 100);
    assert.equal(clock.timers, 0);
  });

  it("is silent once its modem is closed", async () => {
    const clock = new VirtualClock();
    const tick = new ChangeTick(clock, () => assert.fail("published"));
    tick.changed();
    tick.close();
    tick.changed();
    await clock.advance(5000);
    assert.equal(clock.timers, 0);
  });
});

describe("The last mails", () => {
  const ended = (id: string, change: Partial<MailEnded> = {}): MailEnded => ({
    id,
    origin: { nodeId: "send", message: {} },
    subject: `mail ${id}`,
    result: {
      status: "sent",
      id,
      accepted: ["duty@example.com", "boss@example.com"],
      rejected: [],
      attempts: 1,
      queuedMs: 20,
      bytes: 100,
      warnings: [],
    },
    recovered: false,
    attachments: [],
    readText: () => Promise.resolve(""),
    waitUntil: () => undefined,
    ...change,
  });

  it("are the newest fifty, newest first, each once although its end may be told again", () => {
    const mails = new EndedMails(new VirtualClock());
    for (let count = 1; count <= 60; count++) mails.add(ended(String(count)));
    mails.add(ended("30"));
    const ids = mails.list().map(({ id }) => id);
    assert.equal(ids.length, 50);
    assert.deepEqual(ids.slice(0, 2), ["30", "60"]);
    assert.equal(new Set(ids).size, 50);
  });

  it("tell how they went", () => {
    const mails = new EndedMails(new VirtualClock());
    mails.add(ended("1"));
    const { result } = ended("2");
    const tls = { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" };
    mails.add(ended("2", { result: { ...result, via: "socket", tls } }));
    assert.deepEqual(
      mails.list().map(({ via, tls: version }) => [via, version]),
      [
        ["socket", "TLSv1.3"],
        [undefined, undefined],
      ],
    );
  });

  it("carry no address in full and no text, but code and hint of what went wrong", () => {
    const mails = new EndedMails(new VirtualClock());
    const { code, hint, class: kind } = new ModemError("SMTP_MAILBOX_UNAVAILABLE");
    mails.add(
      ended("1", {
        failure: {
          message: "refused: duty@example.com",
          code,
          hint,
          class: kind,
          outcome: "notSent",
          attempts: 1,
          smtpCode: 550,
        },
      }),
    );
    const [mail] = mails.list();
    assert.deepEqual(mail?.error, {
      code,
      message: "refused: d•••@example.com",
      hint,
      hintKey: code,
      smtpCode: 550,
    });
    assert.deepEqual(mail?.recipients, ["d•••@example.com", "b•••@example.com"]);
    assert(!JSON.stringify(mail).includes("duty@"));
  });
});
