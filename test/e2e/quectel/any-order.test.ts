/** Whatever people, flows, network and module do in whatever order: nothing waits for ever, and the modem comes back. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { signalQuality } from "../../../lib/quectel/commands/network";
import { NetworkSearch } from "../../../lib/quectel/network/network-search";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { ModuleRecovery } from "../../../lib/quectel/recovery/module-recovery";
import { cell, change, simCard } from "../../../lib/simulator";
import { NETWORK } from "../../support/module-replies";
import { simulatedRig, type Rig } from "../../support/simulated-rig";

const PIN = "4711";
const MINUTE = 60_000;

interface Scene extends Rig {
  readonly pdp: PdpContext;
  readonly recovery: ModuleRecovery;
}

/** What somebody asks of the modem; may fail, but has to end. */
const REQUESTS: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  "asks for the signal": ({ modem }) => modem.execute(signalQuality()),
  "restarts the module": ({ modem }) => modem.restart(),
  "restarts for a mail": ({ modem, recovery }) =>
    modem.lock.run(() => recovery.restart(new AbortController().signal)),
  "prepares a mail": ({ modem, pdp }) => modem.lock.run(() => pdp.ensure()),
  "activates the context": ({ pdp }) => pdp.activate(),
  "deactivates the context": ({ pdp }) => pdp.deactivate(),
  "deactivates it by force": ({ pdp }) => pdp.deactivate({ force: true }),
  "resets the context": ({ pdp }) => pdp.reset(),
  "closes and opens the modem": async ({ modem }) => {
    const closing = modem.close();
    modem.acquire();
    await closing;
  },
};

/** What happens to the module. */
const EVENTS: Readonly<Record<string, (scene: Scene) => void>> = {
  restart: ({ module }) => module.restart(),
  "loss of power": ({ module }) => module.restart("powerLoss"),
  hang: ({ module }) => module.hang(),
  unplug: ({ module }) => module.unplug(),
  plug: ({ module }) => module.plug(),
  "loss of the context": ({ module }) => module.emit("contextLost", 1),
  "no network": ({ module }) => change(module, cell, { registration: 2 }),
  network: ({ module }) => change(module, cell, { registration: 1 }),
  "card out": ({ module }) => change(module, simCard, { inserted: false }),
  "card in": ({ module }) => change(module, simCard, { inserted: true }),
  "a torn line": ({ module }) => module.raiseUrc('+QIURC: "pdpdeact'),
  "a stray RDY": ({ module }) => module.raiseUrc("RDY"),
};

const step = fc.record({
  deed: fc.constantFrom(...Object.keys(REQUESTS), ...Object.keys(EVENTS)),
  pause: fc.constantFrom(0, 5, 200, 3_000, 20_000, 90_000),
});

describe("a modem to which things happen in any order", function () {
  this.timeout(120_000);

  for (const port of ["stays", "vanishes"] as const) {
    it(`comes back, ends every request and never endangers its SIM card (port ${port} at restarts)`, () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 25 }), async (steps) => {
          const rig = simulatedRig({
            settings: { idleMinutes: 1, simPin: PIN },
            module: { variants: { "restart-port": port }, timing: { bootMs: 3_000 } },
          });
          change(rig.module, simCard, { pin: PIN });
          rig.module.restart();
          const pdp = new PdpContext(rig.modem, { ...NETWORK, idleMinutes: 1 });
          const search = new NetworkSearch(rig.modem);
          const scene: Scene = {
            ...rig,
            pdp,
            recovery: new ModuleRecovery({
              modem: rig.modem,
              pdp,
              store: memoryStore(),
              host: "mail.example.com",
              settings: "",
            }),
          };
          const open = new Set<string>();
          rig.modem.acquire();
          for (const [place, { deed, pause }] of steps.entries()) {
            EVENTS[deed]?.(scene);
            const request = `${place} ${deed}`;
            open.add(request);
            const ended = (): void => void open.delete(request);
            (REQUESTS[deed]?.(scene) ?? Promise.resolve()).then(ended, ended);
            await rig.clock.advance(pause);
          }
          for (const cure of ["plug", "network", "card in", "loss of power"]) EVENTS[cure]?.(scene);
          await rig.clock.advance(2 * MINUTE);
          await rig.clock.run(() => rig.modem.state.name === "ready", 10 * MINUTE);
          await rig.clock.run(() => open.size === 0, 20 * MINUTE);
          assert.equal(rig.module.state(simCard).pinTriesLeft, 3);
          assert.equal(rig.modem.lock.held, false);
          await rig.clock.until(pdp.activate());
          await rig.clock.advance(2 * MINUTE);
          assert.equal(pdp.active, false, "deactivated when idle");
          pdp.close();
          search.close();
          await rig.clock.until(rig.modem.close());
          await rig.clock.advance(MINUTE);
          assert.equal(rig.clock.timers, 0);
        }),
        { numRuns: 12 },
      ));
  }
});
