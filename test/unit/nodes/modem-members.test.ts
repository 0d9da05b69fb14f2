import assert from "node:assert/strict";
import { ModemMembers, type ModemUser, SENT_SHOWN_MS } from "../../../nodes/runtime/modem/modem-members";
import { type Condition, type ShownStatus, statusOf } from "../../../nodes/runtime/status/status";
import { VirtualClock } from "../../support/virtual-clock";

const READY: Condition = { modem: { name: "ready" }, outbox: { name: "idle" }, waiting: 0, simulated: false };

const uploaded = (percent: number): Condition["outbox"] => ({
  name: "sending",
  upload: { done: percent, total: 100 },
});

describe("The nodes of a modem", () => {
  let clock: VirtualClock;
  let members: ModemMembers;
  let texts: string[];
  let told: number;

  beforeEach(() => {
    clock = new VirtualClock();
    members = new ModemMembers(clock);
    texts = [];
    told = 0;
    const node = { id: "send", status: ({ text }: ShownStatus) => texts.push(text) };
    members.join({ node, onChange: () => told++ } as unknown as ModemUser);
  });

  const show = (outbox: Condition["outbox"], waiting = 1): void => {
    const condition = { ...READY, outbox, waiting };
    members.show(condition, (who) => statusOf(condition, who));
  };

  it("show an upload once a second, its last percent always", async () => {
    show({ name: "idle" }, 0);
    for (let percent = 0; percent <= 75; percent++) {
      show(uploaded(percent));
      await clock.advance(13);
    }
    assert.deepEqual(texts, ["ready", "sending 0 %"]);
    await clock.advance(1000);
    assert.deepEqual(texts, ["ready", "sending 0 %", "sending 75 %"]);
    await clock.advance(10_000);
    assert.equal(texts.length, 3);
    assert.equal(told, 77);
  });

  it("show each second of a slow upload as it is", async () => {
    for (let percent = 0; percent < 5; percent++) {
      show(uploaded(percent));
      await clock.advance(1000);
    }
    assert.deepEqual(texts, ["sending 0 %", "sending 1 %", "sending 2 %", "sending 3 %", "sending 4 %"]);
  });

  it("show a new state at once, and no figure of the old one afterwards", async () => {
    show(uploaded(1));
    show(uploaded(2));
    show({ name: "held", code: "SMTP_AUTH_FAILED" });
    await clock.advance(5000);
    assert.deepEqual(texts, ["sending 1 %", "login refused · 1 ✉"]);
  });

  it("show nothing twice that has come back meanwhile", async () => {
    show(uploaded(1));
    show(uploaded(2));
    show(uploaded(1));
    await clock.advance(5000);
    assert.deepEqual(texts, ["sending 1 %"]);
  });

  it("show each its own failure, and the others nothing of it", () => {
    const seen: string[] = [];
    const failing = {
      node: { id: "failing", status: ({ text }: ShownStatus) => seen.push(text) },
      failure: () => "INVALID_NO_RECIPIENT",
    } as unknown as ModemUser;
    members.join(failing);
    show({ name: "idle" }, 0);
    assert.deepEqual([texts, seen], [["ready"], ["no recipient"]]);
    members.leave(failing);
    members.showAt(failing, () => statusOf(READY));
    assert.deepEqual(seen, ["no recipient"]);
  });

  describe("after a mail was sent", () => {
    const at = new Date(2026, 0, 1, 14, 3).getTime();
    const IDLE = { ...READY };
    const SENDING: Condition = { ...READY, outbox: { name: "sending" }, waiting: 1 };
    let condition: Condition;
    let sender: ModemUser;
    let shown: string[];

    const change = (now: Condition): void => {
      condition = now;
      members.show(condition, (who) => statusOf(condition, who));
    };
    const refresh = (): void => members.showAt(sender, (who) => statusOf(condition, who));
    const end = (sentAt?: number): void => {
      members.noteEnd(sender, sentAt, refresh);
      refresh();
    };

    beforeEach(() => {
      shown = [];
      const node = { id: "sender", status: ({ text }: ShownStatus) => shown.push(text) };
      sender = { node } as unknown as ModemUser;
      members.join(sender);
      change(SENDING);
      end(at);
      change(IDLE);
    });

    it("tell its time at the node that sent it, then what is so", async () => {
      await clock.advance(SENT_SHOWN_MS - 1);
      assert.deepEqual(
        [texts, shown],
        [
          ["sending", "ready"],
          ["sending", "sent, 14:03"],
        ],
      );
      await clock.advance(1);
      assert.deepEqual(shown, ["sending", "sent, 14:03", "ready"]);
      assert.equal(clock.timers, 0);
    });

    it("show anything that comes up instead, and nothing old over it", async () => {
      change({ ...READY, modem: { name: "offline", code: "PORT_UNPLUGGED" } });
      await clock.advance(SENT_SHOWN_MS);
      assert.deepEqual(shown, ["sending", "sent, 14:03", "unplugged"]);
      change(IDLE);
      assert.equal(shown.at(-1), "ready");
    });

    it("count from the last of several", async () => {
      await clock.advance(SENT_SHOWN_MS - 1);
      end(at + 60_000);
      await clock.advance(SENT_SHOWN_MS - 1);
      assert.equal(shown.at(-1), "sent, 14:04");
      assert.equal(clock.timers, 1);
      await clock.advance(1);
      assert.deepEqual(shown, ["sending", "sent, 14:03", "sent, 14:04", "ready"]);
    });

    it("tell it no more once a later mail failed", async () => {
      end();
      await clock.advance(SENT_SHOWN_MS);
      assert.deepEqual(shown, ["sending", "sent, 14:03", "ready"]);
      assert.equal(clock.timers, 0);
    });

    it("keep no timer when the node or the modem ends, or another node has taken its id", async () => {
      members.leave(sender);
      assert.equal(clock.timers, 0);
      end(at);
      assert.equal(clock.timers, 0);
      members.join(sender);
      end(at);
      members.join({ node: { id: "sender", status: () => undefined } } as unknown as ModemUser);
      members.leave(sender);
      assert.equal(clock.timers, 0);
      members.join(sender);
      end(at);
      const before = [...shown];
      members.close();
      assert.equal(clock.timers, 0);
      await clock.advance(2 * SENT_SHOWN_MS);
      assert.deepEqual(shown, before);
    });
  });

  it("show nothing any more after the end", async () => {
    show(uploaded(1));
    show(uploaded(2));
    members.close();
    await clock.advance(5000);
    assert.deepEqual(texts, ["sending 1 %"]);
    assert.equal(clock.timers, 0);
  });
});
