/** Silence, second programs, models, ports: the parts that decide by a table or a count. */
import assert from "node:assert/strict";
import { mailSupportOf } from "../../../lib/quectel/connection/models";
import { oddPair } from "../../../lib/quectel/diagnosis/diagnosis-server";
import { SharedPortWatch } from "../../../lib/quectel/connection/connection";
import { Silence } from "../../../lib/quectel/connection/supervisor";
import { VirtualClock } from "../../support/virtual-clock";

describe("silence", () => {
  it("leads to a restart after 60 s, to a second one, and then to the end", () => {
    const silence = new Silence();
    const steps = [0, 30, 59, 60, 90, 119, 120, 150, 180, 600].map((s) => silence.next(s * 1000, true));
    assert.deepEqual(steps, [
      "reconnect",
      "reconnect",
      "reconnect",
      "restart",
      "reconnect",
      "reconnect",
      "restart",
      "reconnect",
      "dead",
      "dead",
    ]);
  });

  it("is over with the first answer", () => {
    const silence = new Silence();
    silence.next(0, true);
    silence.heard();
    assert.equal(silence.next(100_000, true), "reconnect");
  });

  it("never leads to a restart that is not allowed", () => {
    const silence = new Silence();
    assert.equal(silence.next(0, false), "reconnect");
    assert.equal(silence.next(1e9, false), "reconnect");
  });
});

describe("watch for a second program", () => {
  it("wants three foreign lines within a minute, and tells it once", async () => {
    const clock = new VirtualClock();
    const watch = new SharedPortWatch(clock);
    assert.equal(watch.heard("OK"), undefined);
    assert.equal(watch.heard("OK"), undefined);
    await clock.advance(61_000);
    assert.equal(watch.heard("OK"), undefined);
    assert.equal(watch.heard("OK"), undefined);
    assert.equal(watch.heard("OK")?.code, "PORT_SHARED");
    assert.equal(watch.heard("OK"), undefined);
  });
});

describe("models", () => {
  for (const [model, support] of [
    ["EC25", "manual"],
    ["EC20F", "manual"],
    ["EC21", "manual"],
    ["EG25", "manual"],
    ["EG25-G", "manual"],
    ["EG91", "manual"],
    ["EG95", "manual"],
    ["EM05", "manual"],
    ["BG96", "noClient"],
    ["BG95-M3", "noClient"],
    ["BG77", "noClient"],
    ["UC20", "related"],
    ["EG06", "related"],
    ["EC200U", "related"],
    ["EG912Y", "related"],
    ["M95", "otherDialect"],
    ["SIM7600", "unknown"],
    ["", "unknown"],
  ] as const) {
    it(`take "${model}" for ${support}`, () => assert.equal(mailSupportOf(model), support));
  }
});

describe("port and security", () => {
  it("fit in the usual pairs and on ports of free use", () => {
    for (const [port, security] of [
      [25, "none"],
      [25, "starttls"],
      [465, "tls"],
      [587, "starttls"],
      [2525, "starttls"],
      [10_025, "tls"],
    ] as const) {
      assert.equal(oddPair(port, security), undefined);
    }
  });

  it("are told when they do not fit", () => {
    assert.equal(oddPair(465, "starttls"), "port 465 is not usually used with STARTTLS");
    assert.match(oddPair(587, "tls") ?? "", /587 .* SSL\/TLS/);
  });
});
