import assert from "node:assert/strict";
import { Channel } from "../../../lib/at/channel";
import type { Clock } from "../../../lib/clock";
import { telling } from "../../support/at-bench";
import { ScriptedTransport } from "../../support/scripted-transport";
import { VirtualClock } from "../../support/virtual-clock";

class CountingTransport extends ScriptedTransport {
  writes = 0;
  drains = 0;

  override write(bytes: Uint8Array): Promise<void> {
    this.writes++;
    return super.write(bytes);
  }

  override drain(): Promise<void> {
    this.drains++;
    return super.drain();
  }
}

class CountingClock extends VirtualClock {
  timersStarted = 0;

  override after(...args: Parameters<Clock["after"]>): ReturnType<Clock["after"]> {
    this.timersStarted++;
    return super.after(...args);
  }
}

describe("what one command costs the host", () => {
  const clock = new CountingClock();
  const transport = new CountingTransport({ "AT+CSQ": "\r\nOK\r\n" });
  const channel = new Channel(transport, { clock });
  const COMMANDS = 50;

  it("is one write, one drain, at most two timers, no abort controller, and no waiting", async () => {
    await clock.until(channel.sync());
    const real = globalThis.AbortController;
    let controllers = 0;
    globalThis.AbortController = class extends real {
      constructor() {
        super();
        controllers++;
      }
    };
    try {
      clock.timersStarted = transport.writes = transport.drains = 0;
      const began = clock.now();
      for (let count = 0; count < COMMANDS; count++) {
        await clock.until(channel.execute(telling("AT+CSQ")));
      }
      assert.deepEqual([transport.writes, transport.drains], [COMMANDS, COMMANDS]);
      assert.ok(clock.timersStarted <= 2 * COMMANDS, `${clock.timersStarted} timers`);
      assert.equal(controllers, 0);
      assert.equal(clock.now(), began);
    } finally {
      globalThis.AbortController = real;
    }
  });
});
