import assert from "node:assert/strict";
import { OwnActivation } from "../../../lib/quectel/network/own-activation";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import type { ActiveContext } from "../../../lib/quectel/commands/pdp";

const ADDRESS = "10.20.30.40";
const MODULE = {
  identity: { manufacturer: "Quectel", model: "EC25", firmware: "EC25EFAR06A06M4G", imei: "867322040000001" },
  log: console,
};

const ownActivation = (): OwnActivation => new OwnActivation(memoryStore(), MODULE, 1);

const context = (address: string): ActiveContext => ({ contextId: 1, ipType: "ipv4", addresses: [address] });

describe("The note of a data connection of ours", () => {
  it("stays when the connection was set up again before the note of the last one was gone", async () => {
    const own = ownActivation();
    await own.keep(context("10.20.30.39"));
    const dropped = own.drop();
    await own.keep(context(ADDRESS));
    await dropped;
    assert.equal(await own.covers(context(ADDRESS)), true);
  });

  it("is gone when the connection was given up", async () => {
    const own = ownActivation();
    await own.keep(context(ADDRESS));
    await own.drop();
    assert.equal(await own.exists(), false);
  });
});
