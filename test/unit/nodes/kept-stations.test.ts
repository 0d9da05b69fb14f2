/** Which connections a deploy leaves open, for whom, and how long. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Station } from "../../../nodes/runtime/modem/assembly";
import {
  isDeploy,
  keepStation,
  stationClosed,
  takeStation,
} from "../../../nodes/runtime/modem/kept-stations";
import { readModemSettings } from "../../../nodes/runtime/settings/modem-settings";
import { KeptLog } from "../../support/module-replies";
import { VirtualClock } from "../../support/virtual-clock";

const settingsWith = (change: object) =>
  readModemSettings(
    { transport: "simulator", smtpHost: "h", smtpPort: 25, senderAddress: "pump7@example.com", ...change },
    {},
  );
const SETTINGS = settingsWith({});

let folders = 0;

async function kept(how: { readonly state?: string; readonly isHeld?: boolean } = {}) {
  const directory = `/modems/${++folders}`;
  const clock = new VirtualClock();
  const events = new EventEmitter();
  let end: () => void = () => undefined;
  let isClosed = false;
  const station = {
    modem: { state: { name: how.state ?? "ready" }, lock: { held: how.isHeld ?? false } },
    close: () => new Promise<void>((resolve) => ((isClosed = true), (end = resolve))),
  } as unknown as Station;
  const keeping = keepStation(station, { directory, settings: SETTINGS, clock, log: new KeptLog(), events });
  return { directory, clock, events, station, keeping, closed: () => isClosed, end: () => end() };
}

describe("A connection that a deploy leaves open", () => {
  it("is that of the next node with the same connection and network, once, whatever its mails", async () => {
    const { directory, events, station, closed } = await kept();
    assert.equal(takeStation("/modems/other", SETTINGS), undefined);
    assert.equal(takeStation(directory, settingsWith({ smtpHost: "other", maxQueued: "5" })), station);
    assert.equal(takeStation(directory, SETTINGS), undefined);
    events.emit("flows:started");
    assert.equal(closed(), false, "it is in use");
  });

  it("is closed for a node of another connection, which waits for that", async () => {
    const { directory, closed, end } = await kept();
    assert.equal(takeStation(directory, settingsWith({ idleMinutes: "7" })), undefined);
    assert.equal(closed(), true);
    let isFree = false;
    const free = stationClosed(directory).then(() => (isFree = true));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isFree, false);
    end();
    await free;
  });

  it("is closed when the flows run and nobody took it, or do not run for long", async () => {
    const unused = await kept();
    unused.events.emit("flows:started");
    assert.equal(unused.closed(), true);
    assert.equal(unused.events.listenerCount("flows:started"), 0);
    assert.equal(unused.clock.timers, 0);
    const forgotten = await kept();
    await forgotten.clock.advance(14_999);
    assert.equal(forgotten.closed(), false);
    await forgotten.clock.advance(1);
    assert.equal(forgotten.closed(), true);
    assert.equal(takeStation(forgotten.directory, SETTINGS), undefined);
  });

  it("is none that is not ready, or on which somebody still works", async () => {
    for (const how of [{ state: "registering" }, { isHeld: true }]) {
      const { directory, closed, end, keeping } = await kept(how);
      assert.equal(closed(), true);
      end();
      await keeping;
      assert.equal(takeStation(directory, SETTINGS), undefined);
    }
  });

  it("is left open by a deploy that changes anything, and by nothing else that stops flows", () => {
    const none = { added: [], changed: [], removed: [], rewired: [] };
    for (const list of ["added", "changed", "removed", "rewired"])
      assert.equal(isDeploy({ diff: { ...none, [list]: ["n1"] } }), true);
    for (const what of [undefined, {}, { diff: none }]) assert.equal(isDeploy(what), false);
  });
});
