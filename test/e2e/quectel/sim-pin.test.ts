/** The SIM PIN with a simulated module: sent where it is safe, never where it could lock the card. */
import assert from "node:assert/strict";
import { forgetfulPinMemory, recordOf } from "../../../lib/quectel/registration/pin-memory";
import { change, cme, OK, simCard, type SimulatedModem } from "../../../lib/simulator";
import { simulatedRig, type Rig, type RigOptions } from "../../support/simulated-rig";

function lockedRig(simPin: string, options: RigOptions = {}, card: { tries?: number } = {}): Rig {
  const rig = simulatedRig({ ...options, settings: { simPin } });
  change(rig.module, simCard, { pin: "4711", pinTriesLeft: card.tries ?? 3 });
  rig.module.restart();
  return rig;
}

const pinLines = (rig: Rig) => rig.commands().filter((line) => line.startsWith("AT+CPIN="));
const triesLeft = (module: SimulatedModem) => module.state(simCard).pinTriesLeft;

/** The first PIN is answered by "SIM busy", and the card has not looked at it. */
function busyOnce(rig: Rig): void {
  const restore = rig.module.define(({ name, form }, next) => {
    if (name !== "+CPIN" || form !== "write") return next();
    restore();
    return cme(14);
  });
}

async function obstacle(rig: Rig): Promise<string | undefined> {
  rig.modem.acquire();
  await rig.clock.run(() => rig.modem.state.name === "registering" || rig.modem.state.name === "ready");
  // Long enough to see whether anything is tried again.
  await rig.clock.advance(30_000);
  return rig.modem.notReady()?.code;
}

describe("SIM PIN", () => {
  it("is sent when the card wants it, and the modem becomes ready", async () => {
    const rig = lockedRig("4711");
    assert.equal(await obstacle(rig), undefined);
    assert.deepEqual(pinLines(rig), ['AT+CPIN="4711"']);
    await rig.modem.close();
  });

  it("is asked for when none is set", async () => {
    const rig = lockedRig("");
    assert.equal(await obstacle(rig), "SIM_PIN_REQUIRED");
    assert.deepEqual(pinLines(rig), []);
    await rig.modem.close();
  });

  it("is sent once only when it is refused, also after restarts of module and host", async () => {
    const pinMemory = forgetfulPinMemory();
    const rig = lockedRig("0000", { modem: { pinMemory } });
    assert.equal(await obstacle(rig), "SIM_PIN_REFUSED");
    assert.equal(triesLeft(rig.module), 2);
    rig.module.restart();
    await rig.clock.advance(120_000);
    assert.equal(triesLeft(rig.module), 2);
    await rig.modem.close();
    await rig.modem.close();

    const again = lockedRig("0000", { modem: { pinMemory } });
    assert.equal(await obstacle(again), "SIM_PIN_REFUSED");
    assert.deepEqual(pinLines(again), []);
    await again.modem.close();
  });

  it("is tried again after a person has changed it", async () => {
    const pinMemory = forgetfulPinMemory();
    const wrong = lockedRig("0000", { modem: { pinMemory } });
    await obstacle(wrong);
    await wrong.modem.close();
    const right = lockedRig("4711", { modem: { pinMemory } }, { tries: 2 });
    assert.equal(await obstacle(right), undefined);
    assert.equal(await pinMemory.load(), undefined);
    await right.modem.close();
  });

  it("is never sent when only one try is left", async () => {
    const rig = lockedRig("4711", {}, { tries: 1 });
    assert.equal(await obstacle(rig), "SIM_PIN_LAST_TRY");
    assert.equal(triesLeft(rig.module), 1);
    await rig.modem.close();
  });

  it("is sent once where the module has no counter", async () => {
    const rig = lockedRig("0000", { module: { variants: { "key-qpinc": "absent" } } });
    assert.equal(await obstacle(rig), "SIM_PIN_REFUSED");
    assert.equal(triesLeft(rig.module), 2);
    await rig.modem.close();
  });

  it("is not sent again without a counter when its outcome was never seen", async () => {
    const pinMemory = forgetfulPinMemory();
    await pinMemory.save(recordOf("4711", "sent", undefined));
    const rig = lockedRig("4711", { modem: { pinMemory }, module: { variants: { "key-qpinc": "absent" } } });
    assert.equal(await obstacle(rig), "SIM_PIN_REFUSED");
    assert.deepEqual(pinLines(rig), []);
    await rig.modem.close();
  });

  it("is sent again when its outcome was not seen but the counter shows that it was not refused", async () => {
    const pinMemory = forgetfulPinMemory();
    await pinMemory.save(recordOf("4711", "sent", 3));
    const rig = lockedRig("4711", { modem: { pinMemory } });
    assert.equal(await obstacle(rig), undefined);
    await rig.modem.close();
  });

  it("is no longer doubted once the card is ready", async () => {
    const pinMemory = forgetfulPinMemory();
    await pinMemory.save(recordOf("4711", "sent", undefined));
    const rig = simulatedRig({ modem: { pinMemory }, settings: { simPin: "4711" } });
    await rig.ready();
    assert.equal(await pinMemory.load(), undefined);
    await rig.modem.close();
  });

  it("is noted before it is sent, so that a loss of power in that moment cannot repeat it", async () => {
    const pinMemory = forgetfulPinMemory();
    const rig = lockedRig("0000", { modem: { pinMemory } });
    let noted: unknown;
    rig.module.define(async ({ name, form }, next) => {
      if (name === "+CPIN" && form === "write") noted = (await pinMemory.load())?.outcome;
      return next();
    });
    await obstacle(rig);
    assert.equal(noted, "sent");
    await rig.modem.close();
  });

  it("is sent once only when it is refused, also after the modem was closed and opened again", async () => {
    const rig = lockedRig("0000");
    assert.equal(await obstacle(rig), "SIM_PIN_REFUSED");
    await rig.modem.close();
    assert.equal(await obstacle(rig), "SIM_PIN_REFUSED");
    assert.equal(triesLeft(rig.module), 2);
    await rig.modem.close();
  });

  it("is not sent while the disk cannot note it, which is said, and is sent when it can", async () => {
    const disk = forgetfulPinMemory();
    let full = true;
    const rig = lockedRig("4711", {
      modem: {
        pinMemory: {
          load: () => disk.load(),
          save: (record) => (full ? Promise.reject(new Error("ENOSPC: no space left")) : disk.save(record)),
        },
      },
    });
    assert.equal(await obstacle(rig), "SIM_PIN_REQUIRED");
    assert.match(rig.modem.notReady()?.message ?? "", /ENOSPC/);
    assert.equal(rig.modem.notReady()?.class, "transient");
    assert.deepEqual(pinLines(rig), []);
    full = false;
    await rig.clock.until(rig.modem.whenReady(), 20_000);
    await rig.modem.close();
  });

  it("that nobody needs does not keep a modem away whose notes cannot be read", async () => {
    const pinMemory = {
      load: () => Promise.reject(new Error("EIO: i/o error")),
      save: () => Promise.reject(new Error("EIO: i/o error")),
    };
    const rig = simulatedRig({ modem: { pinMemory } });
    await rig.ready();
    await rig.modem.close();
  });

  it("is sent again to a card that was too busy to look at it", async () => {
    const rig = lockedRig("4711");
    busyOnce(rig);
    assert.equal(await obstacle(rig), undefined);
    assert.equal(pinLines(rig).length, 2);
    await rig.modem.close();
  });

  it("is not sent again to a busy card without a counter, and nobody says that it was refused by the card", async () => {
    const rig = lockedRig("4711", { module: { variants: { "key-qpinc": "absent" } } });
    busyOnce(rig);
    assert.equal(await obstacle(rig), "SIM_PIN_REFUSED");
    assert.match(rig.modem.notReady()?.message ?? "", /outcome was missed/);
    assert.equal(pinLines(rig).length, 1);
    await rig.modem.close();
  });

  it("is sent twice at most to a card that stays busy", async () => {
    const rig = lockedRig("4711");
    rig.module.define(({ name, form }, next) => (name === "+CPIN" && form === "write" ? cme(14) : next()));
    assert.equal(await obstacle(rig), "SIM_BUSY");
    assert.equal(pinLines(rig).length, 2);
    await rig.modem.close();
  });

  it("is not asked for when the card has just taken it and still shows the question", async () => {
    const rig = lockedRig("4711");
    let taken = false;
    rig.module.define((context, next) => {
      if (context.name !== "+CPIN") return next();
      if (context.form === "write") {
        rig.clock.after(5_000, () => (taken = true));
        return next();
      }
      if (taken) return next();
      context.info("+CPIN: SIM PIN");
      return OK;
    });
    const codes = new Set<string | undefined>();
    rig.modem.on("state", () => codes.add(rig.modem.notReady()?.code));
    assert.equal(await obstacle(rig), undefined);
    assert.ok(codes.has("SIM_BUSY") && !codes.has("SIM_PIN_REQUIRED"));
    assert.equal(pinLines(rig).length, 1);
    await rig.modem.close();
  });

  it("never shows in an error or in the log", async () => {
    const rig = lockedRig("98765432");
    await obstacle(rig);
    const { state } = rig.modem;
    assert.ok(state.name === "registering");
    for (let error: unknown = state.error; error instanceof Error; error = error.cause) {
      assert.doesNotMatch(JSON.stringify([error.message, Object.entries(error)]), /98765432/);
    }
    await rig.modem.close();
  });
});

describe("SIM card", () => {
  it("that wants its PUK is reported and left alone", async () => {
    const rig = lockedRig("4711", {}, { tries: 0 });
    assert.equal(await obstacle(rig), "SIM_PUK_REQUIRED");
    assert.deepEqual(pinLines(rig), []);
    await rig.modem.close();
  });

  it("that is missing is reported, and used as soon as it is put in", async () => {
    const rig = simulatedRig();
    change(rig.module, simCard, { inserted: false });
    assert.equal(await obstacle(rig), "SIM_MISSING");
    change(rig.module, simCard, { inserted: true });
    await rig.clock.until(rig.modem.whenReady(), 20_000);
    await rig.modem.close();
  });

  it("that is taken out is noticed at once where the module tells it", async () => {
    const rig = simulatedRig();
    await rig.ready();
    change(rig.module, simCard, { inserted: false });
    rig.module.raiseUrc("+CPIN: NOT READY");
    await rig.clock.run(() => rig.modem.state.name === "registering", 1_000);
    assert.equal(rig.modem.notReady()?.code, "SIM_MISSING");
    await rig.modem.close();
  });

  for (const [number, code] of [
    [13, "SIM_FAILURE"],
    [14, "SIM_BUSY"],
    [15, "SIM_FAILURE"],
    [3, "SIM_BUSY"],
  ] as const) {
    it(`that is answered for by CME ${number} is asked again until it is ready`, async () => {
      const rig = simulatedRig();
      const restore = rig.module.define(({ name }, next) => (name === "+CPIN" ? cme(number) : next()));
      assert.equal(await obstacle(rig), code);
      restore();
      await rig.clock.until(rig.modem.whenReady(), 10_000);
      await rig.modem.close();
    });
  }

  it("that is locked to a network is a matter of the settings", async () => {
    const rig = simulatedRig();
    rig.module.define((context, next) => {
      if (context.name !== "+CPIN") return next();
      context.info("+CPIN: PH-NET PIN");
      return { kind: "ok" };
    });
    assert.equal(await obstacle(rig), "SIM_FAILURE");
    assert.equal(rig.modem.notReady()?.class, "setup");
    await rig.modem.close();
  });
});
