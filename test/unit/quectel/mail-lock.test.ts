import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { MailLock } from "../../../lib/quectel/connection/mail-lock";
import { heldMemory } from "../../support/held-memory";
import { waitFor } from "../../support/wait-for";

describe("mail lock", () => {
  it("keeps nothing of a modem in memory that is used no more", async () => {
    const use = async (imei: string): Promise<WeakRef<object>> => {
      const modem = { identity: { imei }, onForeign: async () => undefined };
      const lock = new MailLock(modem);
      (await lock.acquire()).release();
      assert.equal(lock.recordClaim(imei), true);
      return new WeakRef(modem);
    };
    const modems = await Promise.all(["001015000000011", "001015000000029"].map(use));
    // What a WeakRef was made of lives to the end of its turn, and what the runtime just compiles for as long as that takes.
    await waitFor("both modems to be collected", () => {
      heldMemory();
      return modems.every((modem) => modem.deref() === undefined);
    });
  });

  it("is held by one at a time, first come, first served", async () => {
    const lock = new MailLock();
    const order: string[] = [];
    const first = await lock.acquire();
    const others = ["b", "c"].map(async (name) => {
      const lease = await lock.acquire();
      order.push(name);
      lease.release();
    });
    assert.equal(lock.held, true);
    assert.deepEqual(order, []);
    first.release();
    await Promise.all(others);
    assert.deepEqual(order, ["b", "c"]);
    assert.equal(lock.held, false);
  });

  it("is not freed twice by one lease", async () => {
    const lock = new MailLock();
    const first = await lock.acquire();
    first.release();
    await lock.acquire();
    first.release();
    assert.equal(lock.held, true);
  });

  it("is that of the module that was found on the port while it was waited for", async () => {
    const [before, after] = ["001015000000037", "001015000000045"];
    const port = { identity: { imei: before } };
    const lock = new MailLock(port);
    const other = await new MailLock({ identity: { imei: before } }).acquire();
    const waiting = lock.acquire();
    port.identity = { imei: after };
    other.release();
    const lease = await waiting;
    lock.requireWhole();
    (await new MailLock({ identity: { imei: before } }).acquire()).release();
    const late = new MailLock({ identity: { imei: after } }).acquire();
    await nextTurn();
    assert.equal(lock.isWanted, true);
    lease.release();
    (await late).release();
  });

  it("is freed when the work under it fails", async () => {
    const lock = new MailLock();
    await assert.rejects(lock.run(() => Promise.reject(new Error("x"))));
    assert.equal(lock.held, false);
  });

  it("lets go who gives up waiting, with the reason of the signal", async () => {
    const lock = new MailLock();
    const first = await lock.acquire();
    const abort = new AbortController();
    const waiting = lock.acquire(abort.signal);
    const behind = lock.acquire();
    const reason = new Error("stopped");
    abort.abort(reason);
    await assert.rejects(waiting, reason);
    await assert.rejects(lock.acquire(abort.signal), reason);
    first.release();
    (await behind).release();
    assert.equal(lock.held, false);
  });

  it("is borrowed by the steps of its holder, and by nobody else", async () => {
    const lock = new MailLock();
    const stale = await lock.acquire();
    stale.release();
    const seen = await lock.run(async (lease) => {
      const inner = await lock.run(async (borrowed) => borrowed === lease, { borrowed: lease });
      assert.equal(lock.held, true);
      const foreign = lock.run(async () => "later", { borrowed: stale });
      return [inner, await Promise.race([foreign, Promise.resolve("waits")])];
    });
    assert.deepEqual(seen, [true, "waits"]);
  });
});
