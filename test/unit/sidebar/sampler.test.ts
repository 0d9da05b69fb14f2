import assert from "node:assert/strict";
import type { Modem } from "../../../lib/quectel/connection/modem";
import type { ModemState } from "../../../lib/quectel/connection/modem-state";
import { ModemError } from "../../../lib/errors";
import { SignalSampler } from "../../../nodes/runtime/sidebar/signal-sampler";
import { SAMPLE_INTERVAL_MS, SignalSamples } from "../../../nodes/runtime/sidebar/signal-samples";
import { VirtualClock } from "../../support/virtual-clock";

const ANSWERS: readonly (readonly [command: RegExp, answer: unknown])[] = [
  [/CEREG\?/, { stat: 1, accessTechnology: 7 }],
  [/CSQ/, 21],
];

/** A modem that answers from the table, or not at all. */
class FakeModem {
  state: ModemState = { name: "ready" };
  asked = 0;
  answers = true;
  readonly lock = { held: false };

  async execute({ line }: { readonly line: string }): Promise<unknown> {
    this.asked++;
    if (!this.answers) throw new ModemError("MODEM_SILENT");
    const found = ANSWERS.find(([command]) => command.test(line));
    if (found === undefined) throw new ModemError("MODEM_ERROR");
    return found[1];
  }
}

function open() {
  const clock = new VirtualClock();
  const fake = new FakeModem();
  const samples = new SignalSamples(clock);
  let sampled = 0;
  let isInUse = true;
  const sampler = new SignalSampler({
    clock,
    samples,
    modem: () => (isInUse ? (fake as unknown as Modem) : undefined),
    sampled: () => void sampled++,
  });
  sampler.start();
  return { clock, fake, samples, sampler, sampled: () => sampled, leave: () => void (isInUse = false) };
}

describe("The sampler of the signal", () => {
  it("asks at once when the modem has become ready, and then every minute", async () => {
    const { clock, samples, sampler, sampled } = open();
    sampler.look();
    sampler.look();
    await clock.advance(1);
    assert.deepEqual(samples.latest, { registration: "home", technology: "LTE", rssiDbm: -71 });
    assert.equal(samples.list().length, 1);
    await clock.advance(3 * SAMPLE_INTERVAL_MS);
    assert.equal(samples.list().length, 4);
    assert.equal(sampled(), 4);
  });

  it("leaves a gap while the modem does not answer or is away, and asks it nothing then", async () => {
    const { clock, fake, samples } = open();
    fake.answers = false;
    await clock.advance(SAMPLE_INTERVAL_MS);
    fake.state = { name: "connecting" };
    const before = fake.asked;
    await clock.advance(SAMPLE_INTERVAL_MS);
    assert.equal(fake.asked, before);
    assert.deepEqual(
      samples.list().map(({ rssiDbm }) => rssiDbm),
      [undefined, undefined],
    );
  });

  it("asks nothing while a mail is on the air, and leaves no gap for it", async () => {
    const { clock, fake, samples } = open();
    fake.lock.held = true;
    await clock.advance(2 * SAMPLE_INTERVAL_MS);
    assert.equal(fake.asked + samples.list().length, 0);
    fake.lock.held = false;
    await clock.advance(SAMPLE_INTERVAL_MS);
    assert.equal(samples.latest?.rssiDbm, -71);
  });

  it("asks nothing of a modem that nobody uses, and nothing more once it is closed", async () => {
    const { clock, fake, samples, sampler, leave } = open();
    leave();
    await clock.advance(5 * SAMPLE_INTERVAL_MS);
    assert.equal(fake.asked + samples.list().length, 0);
    sampler.close();
    await clock.advance(5 * SAMPLE_INTERVAL_MS);
    assert.equal(clock.timers, 0);
  });
});
