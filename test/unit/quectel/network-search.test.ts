/** A module that finds no network for hours. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { ModemError } from "../../../lib/errors";
import { MailLock } from "../../../lib/quectel/connection/mail-lock";
import type { ModemEvents } from "../../../lib/quectel/connection/modem";
import type { ModemState } from "../../../lib/quectel/connection/modem-state";
import type { RegisteringStep } from "../../../lib/quectel/registration/readiness";
import { NetworkSearch, type SearchingModem } from "../../../lib/quectel/network/network-search";
import { memoryStore, type KeyValueStore } from "../../../lib/quectel/key-value-store";
import { KeptLog } from "../../support/module-replies";
import { VirtualClock } from "../../support/virtual-clock";

const MINUTE = 60_000;
const SEARCHING: ModemState = { name: "registering", waitingFor: "network" };

/** A modem that enters the states it is told to, and counts the orders to restart. */
class ToldModem extends EventEmitter<ModemEvents> implements SearchingModem {
  readonly clock = new VirtualClock();
  readonly log = new KeptLog();
  readonly lock = new MailLock();
  restartAllowed = true;
  state: ModemState = { name: "offline" };
  orders = 0;
  readonly search: NetworkSearch;

  constructor(store?: KeyValueStore) {
    super();
    this.search = new NetworkSearch(this, store);
  }

  enter(state: ModemState): void {
    this.state = state;
    this.emit("state", state);
  }

  async orderRestart(): Promise<void> {
    this.orders++;
    this.enter({ name: "connecting" });
    this.clock.after(20_000, () => this.enter(SEARCHING));
  }
}

describe("a module that finds no network", () => {
  let modem: ToldModem;

  beforeEach(() => {
    modem = new ToldModem();
    modem.enter(SEARCHING);
  });

  afterEach(() => {
    modem.search.close();
    assert.equal(modem.listenerCount("state"), 0);
  });

  const ordersAfter = async (minutes: number): Promise<number> => {
    await modem.clock.advance(minutes * MINUTE);
    return modem.orders;
  };

  it("is restarted after half an hour, and then every hour", async () => {
    assert.equal(await ordersAfter(29), 0);
    assert.equal(await ordersAfter(2), 1);
    assert.equal(await ordersAfter(58), 1);
    assert.equal(await ordersAfter(2), 2);
    assert.equal(await ordersAfter(10 * 61), 12);
  });

  it("has half an hour again once it was registered", async () => {
    await ordersAfter(31);
    modem.enter({ name: "ready" });
    assert.equal(await ordersAfter(120), 1);
    modem.enter(SEARCHING);
    assert.equal(await ordersAfter(31), 2);
  });

  it("is restarted only when the mail that the module works on has ended", async () => {
    const lease = await modem.lock.acquire();
    assert.equal(await ordersAfter(40), 0);
    lease.release();
    assert.equal(await ordersAfter(1), 1);
  });

  it("is left alone when the network comes while the mail still runs", async () => {
    const lease = await modem.lock.acquire();
    await ordersAfter(40);
    modem.enter({ name: "ready" });
    lease.release();
    assert.equal(await ordersAfter(1), 0);
  });

  it("is told again an hour later when it could not be told", async () => {
    modem.orderRestart = () => {
      modem.orders++;
      return Promise.reject(new ModemError("MODEM_NOT_READY"));
    };
    assert.equal(await ordersAfter(31), 1);
    assert.equal(await ordersAfter(60), 2);
  });

  it("is never restarted where that is not allowed", async () => {
    modem.restartAllowed = false;
    assert.equal(await ordersAfter(300), 0);
  });

  for (const waitingFor of ["sim", "application"] as const satisfies readonly RegisteringStep[]) {
    it(`is not restarted while it waits for what it never had (${waitingFor})`, async () => {
      const fresh = new ToldModem();
      fresh.enter({ name: "registering", waitingFor, error: new ModemError("SIM_MISSING") });
      await fresh.clock.advance(300 * MINUTE);
      assert.equal(fresh.orders, 0);
      fresh.search.close();
    });

    it(`is restarted when an earlier process has seen what it lost (${waitingFor})`, async () => {
      const store = memoryStore();
      const before = new ToldModem(store);
      before.enter({ name: "ready" });
      await before.clock.advance(MINUTE);
      before.search.close();
      const after = new ToldModem(store);
      after.enter({ name: "registering", waitingFor, error: new ModemError("SIM_MISSING") });
      await after.clock.advance(31 * MINUTE);
      assert.equal(after.orders, 1);
      after.search.close();
    });

    it(`is restarted after half an hour, then hourly, when it has lost what it had (${waitingFor})`, async () => {
      modem.enter({ name: "ready" });
      const lost: ModemState = { name: "registering", waitingFor, error: new ModemError("SIM_FAILURE") };
      modem.orderRestart = async () => {
        modem.orders++;
        modem.enter({ name: "connecting" });
        modem.clock.after(20_000, () => modem.enter(lost));
      };
      modem.enter(lost);
      assert.equal(await ordersAfter(29), 0);
      assert.equal(await ordersAfter(2), 1);
      assert.equal(await ordersAfter(58), 1);
      assert.equal(await ordersAfter(2), 2);
      modem.enter({ name: "ready" });
      assert.equal(await ordersAfter(300), 2);
    });
  }

  it("is not restarted for a card that wants its PIN or was locked, which each start could make worse", async () => {
    modem.enter({ name: "ready" });
    for (const code of ["SIM_PIN_REQUIRED", "SIM_PUK_REQUIRED", "SIM_PIN_REFUSED"] as const) {
      modem.enter({ name: "registering", waitingFor: "sim", error: new ModemError(code) });
      assert.equal(await ordersAfter(300), 0, code);
    }
  });

  it("is not restarted after the modem was closed", async () => {
    modem.search.close();
    assert.equal(await ordersAfter(300), 0);
  });
});
