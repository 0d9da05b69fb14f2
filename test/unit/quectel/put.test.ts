/** Sending a filled mail on a module that is scripted down to single calls. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { ModemError } from "../../../lib/errors";
import { sendMail, type PutModem } from "../../../lib/mailer/qsmtp/put";
import { KeptLog } from "../../support/module-replies";
import { VirtualClock } from "../../support/virtual-clock";

describe("QSMTPPUT", () => {
  it("leaves nobody listening when the module went away just before it", async () => {
    const events = new EventEmitter();
    const modem: PutModem = {
      clock: new VirtualClock(),
      log: new KeptLog(),
      on: events.on.bind(events) as PutModem["on"],
      off: events.off.bind(events) as PutModem["off"],
      expect: () => {
        throw new ModemError("MODEM_NOT_READY");
      },
      execute: () => Promise.reject(new Error("nothing may be written")),
    };
    const signal = new AbortController().signal;
    await assert.rejects(sendMail(modem, { seconds: 300, signal }), {
      code: "MODEM_NOT_READY",
    });
    assert.equal(events.listenerCount("unsolicited"), 0);
  });
});
