import assert from "node:assert/strict";
import { Channel } from "../../../lib/at/channel";
import { telling } from "../../support/at-bench";
import { ScriptedTransport } from "../../support/scripted-transport";
import { VirtualClock } from "../../support/virtual-clock";

const PAUSE = 20;

describe("the pause after a final result code", () => {
  let clock: VirtualClock;
  let modem: ScriptedTransport;
  let channel: Channel;
  /** When each command line was written, ms after the start. */
  let writtenAt: number[];

  const start = async (pause?: number): Promise<void> => {
    clock = new VirtualClock();
    modem = new ScriptedTransport({ AT: "\r\nOK\r\n", "AT+X": "\r\nERROR\r\n" });
    channel = new Channel(modem, { clock, ...(pause === undefined ? {} : { pause }) });
    await clock.until(channel.sync());
    await clock.advance(PAUSE);
    const began = clock.now();
    writtenAt = [];
    const write = modem.write.bind(modem);
    modem.write = (bytes) => {
      writtenAt.push(clock.now() - began);
      return write(bytes);
    };
  };

  it("is none unless it is asked for", async () => {
    await start();
    await clock.until(Promise.all([1, 2, 3].map(() => channel.execute(telling("AT")))));
    assert.deepEqual(writtenAt, [0, 0, 0]);
    assert.equal(clock.timers, 0);
  });

  it("stands before each next command line, whatever the result was", async () => {
    await start(PAUSE);
    const commands = ["AT", "AT+X", "AT"].map((line) => channel.execute(telling(line)));
    await clock.until(Promise.allSettled(commands));
    assert.deepEqual(writtenAt, [0, PAUSE, 2 * PAUSE]);
  });

  it("does not keep the answer from its caller", async () => {
    await start(PAUSE);
    const began = clock.now();
    await clock.until(channel.execute(telling("AT")));
    assert.equal(clock.now(), began);
  });

  it("is over when it was quiet for so long", async () => {
    await start(PAUSE);
    await clock.until(channel.execute(telling("AT")));
    await clock.advance(PAUSE);
    await clock.until(channel.execute(telling("AT")));
    assert.deepEqual(writtenAt, [0, PAUSE]);
  });

  it("stands behind a synchronisation too", async () => {
    await start(PAUSE);
    const sync = channel.sync();
    const command = channel.execute(telling("AT"));
    await clock.until(sync);
    const synced = clock.now();
    await clock.until(command);
    assert.equal(clock.now() - synced, PAUSE);
  });

  it("leaves no timer behind a channel that is closed", async () => {
    await start(PAUSE);
    await clock.until(channel.execute(telling("AT")));
    await channel.close();
    assert.equal(clock.timers, 0);
  });
});
