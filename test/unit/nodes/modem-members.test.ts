import assert from "node:assert/strict";
import { ModemMembers, type ModemUser } from "../../../nodes/runtime/modem/modem-members";
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

  it("show nothing any more after the end", async () => {
    show(uploaded(1));
    show(uploaded(2));
    members.close();
    await clock.advance(5000);
    assert.deepEqual(texts, ["sending 1 %"]);
    assert.equal(clock.timers, 0);
  });
});
