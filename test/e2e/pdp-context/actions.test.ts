/** pdp-context while mails are there: every action in every state of the outbox, gently and by force. */
import assert from "node:assert/strict";
import { activeContext } from "../../../lib/simulator/module/pdp-contexts";
import { ModemError } from "../../../lib/errors";
import { PDP_ACTIONS, performPdpAction, type PdpAction } from "../../../nodes/runtime/modem/pdp-actions";
import { memoryOutbox, outboxMail, type OutboxRig } from "../../support/memory-outbox";

const TIMING = { airMs: 20_000, bootMs: 3_000, networkMs: 500 } as const;
const TEXT = outboxMail();

/** How the outbox comes into a state, and what a mail in it needs to go out then beside an active context. */
interface OutboxState {
  readonly reach: (rig: OutboxRig) => Promise<void>;
  /** A mail is there. */
  readonly mails: 0 | 1;
  readonly free?: (rig: OutboxRig) => Promise<unknown>;
}

const onAir = (rig: OutboxRig): Promise<void> => rig.clock.run(() => /QSMTPPUT=\d+\r$/.test(rig.written()));

const STATES: Readonly<Record<string, OutboxState>> = {
  "is empty": { reach: async () => undefined, mails: 0 },
  "prepares a mail": {
    reach: async (rig) => {
      await rig.accept(TEXT);
      await rig.clock.run(() => rig.written().includes("AT+QSMTPDST"));
    },
    mails: 1,
  },
  "has a mail on the air": {
    reach: async (rig) => {
      await rig.accept(TEXT);
      await onAir(rig);
      await rig.clock.advance(5_000);
    },
    mails: 1,
  },
  "waits to try a mail again": {
    reach: async (rig) => {
      rig.server.refuse = { "duty@example.com": 451 };
      await rig.accept(TEXT);
      await rig.clock.run(() => (rig.outbox.summary().nextTryInMs ?? 0) > 5_000);
      rig.server.refuse = {};
    },
    mails: 1,
  },
  "is paused": {
    reach: async (rig) => {
      await rig.clock.until(rig.outbox.pause());
      await rig.accept(TEXT);
    },
    mails: 1,
    free: (rig) => rig.outbox.resume(),
  },
  "is held by a refused login": {
    reach: async (rig) => {
      await rig.accept(TEXT);
      await rig.clock.until(rig.outbox.holdFor(new ModemError("SMTP_AUTH_FAILED")));
      await rig.clock.advance(40_000);
    },
    mails: 1,
    free: (rig) => rig.outbox.resume(),
  },
  "is held by an earlier deactivation": {
    reach: async (rig) => {
      await rig.clock.until(performPdpAction("deactivate", rig, {}));
      await rig.accept(TEXT);
    },
    mails: 1,
  },
};

const kindOfHold = ({ outbox }: OutboxRig): string | undefined => outbox.summary().hold?.kind;
const isActive = ({ module }: OutboxRig): boolean => activeContext(module, 1) !== undefined;

async function inState(state: OutboxState): Promise<OutboxRig> {
  const rig = memoryOutbox({ module: { timing: TIMING } });
  await rig.open();
  await rig.clock.run(() => rig.mailer.available);
  await state.reach(rig);
  return rig;
}

async function act(rig: OutboxRig, action: PdpAction, force: boolean): Promise<void> {
  const status = await rig.clock.until(performPdpAction(action, rig, { force }));
  switch (action) {
    case "activate":
    case "reset":
      assert.equal(status.active, true);
      assert.notEqual(kindOfHold(rig), "pdp");
      return;
    case "deactivate":
      assert.equal(status.active, false);
      assert.equal(isActive(rig), false);
      return;
    case "query":
      assert.equal(status.active, isActive(rig));
  }
}

describe("pdp-context, when the outbox", () => {
  for (const [name, state] of Object.entries(STATES)) {
    for (const action of PDP_ACTIONS) {
      for (const force of [false, true]) {
        it(`${name}: ${action}${force ? " by force" : ""} does what it says, and each mail arrives once`, async () => {
          const rig = await inState(state);
          await act(rig, action, force);
          if (action === "deactivate") {
            const sent = rig.server.received.length;
            // Nothing goes out, and nothing activates the context, for as long as nobody activates it.
            await rig.clock.advance(2 * 3600_000);
            assert.equal(isActive(rig), false);
            assert.equal(rig.server.received.length, sent);
            await rig.clock.until(performPdpAction("activate", rig, {}));
          }
          if (action === "query" && kindOfHold(rig) === "pdp") {
            await rig.clock.until(performPdpAction("activate", rig, {}));
          }
          if (state.free !== undefined) await rig.clock.until(state.free(rig));
          await rig.clock.run(() => rig.ended.length === state.mails, 3 * 3600_000);
          assert.deepEqual(
            rig.ended.map(({ result }) => result.status),
            state.mails === 1 ? ["sent"] : [],
          );
          assert.equal(rig.server.received.length, state.mails);
          assert.ok(!rig.written().includes("CFUN=1,1"), "the module is never restarted");
          await rig.stop();
        });
      }
    }
  }

  it("has a mail on the air: deactivate waits for its result, and by force does not", async () => {
    for (const force of [false, true]) {
      const rig = await inState(
        STATES["has a mail on the air"] ?? { reach: async () => undefined, mails: 0 },
      );
      await rig.clock.until(performPdpAction("deactivate", rig, { force }));
      assert.equal(rig.ended.length, force ? 0 : 1);
      assert.equal(rig.outbox.summary().depth, force ? 1 : 0);
      assert.equal(kindOfHold(rig), "pdp");
      await rig.stop();
    }
  });

  it("is held by a deactivation: the hold outlives a restart of the host and a failed second deactivation", async () => {
    const rig = await inState({ reach: async () => undefined, mails: 0 });
    await rig.clock.until(performPdpAction("deactivate", rig, {}));
    await rig.accept(TEXT);
    await rig.stop();
    const next = memoryOutbox({}, rig);
    await next.open();
    await next.clock.run(() => next.mailer.available);
    next.module.unplug();
    await assert.rejects(next.clock.until(performPdpAction("deactivate", next, {})));
    next.module.plug();
    await next.clock.run(() => next.mailer.available);
    await next.clock.advance(3600_000);
    assert.equal(kindOfHold(next), "pdp");
    assert.equal(next.server.received.length, 0);
    await next.clock.until(performPdpAction("activate", next, {}));
    await next.clock.run(() => next.ended.length === 1);
    assert.equal(next.server.received.length, 1);
    await next.stop();
  });

  it("is empty: a deactivation that fails holds nothing", async () => {
    const rig = await inState({ reach: async () => undefined, mails: 0 });
    rig.module.unplug();
    await assert.rejects(rig.clock.until(performPdpAction("deactivate", rig, {})));
    rig.module.plug();
    assert.equal((await rig.deliver(TEXT)).result.status, "sent");
    await rig.stop();
  });

  it("serves a context that the host uses too: only query and activate are allowed, and nothing is held", async () => {
    const rig = memoryOutbox({ module: { timing: TIMING }, network: { shared: true } });
    await rig.open();
    await rig.clock.run(() => rig.mailer.available);
    for (const action of ["deactivate", "reset"] as const) {
      await assert.rejects(rig.clock.until(performPdpAction(action, rig, {})), { code: "PDP_SHARED" });
    }
    assert.equal((await rig.deliver(TEXT)).result.status, "sent");
    await rig.stop();
  });
});
