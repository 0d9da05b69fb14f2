/** Floods on the line of a gateway, on the virtual clock and few bytes; the campaign pours 50 MB into real lines. */
import assert from "node:assert/strict";
import type { Transport } from "../../../lib/serial/transport";
import { FLOODS, type FloodName } from "../../campaign/flood/kinds";
import { memoryRig } from "../../support/memory-rig";
import { heldMemory } from "../../support/held-memory";
import { waitFor } from "../../support/wait-for";

/** Bytes that a transport hands on at once. */
const PIECE = 4096;
const MEGABYTE = 1_000_000;
/** Milliseconds between two chunks of a flood. */
const EVERY_MS = 1_000;

describe("A flood on the line instead of a module", function () {
  this.timeout(60_000);

  for (const name of Object.keys(FLOODS) as FloodName[]) {
    it(`costs little memory and time, the port is reopened and the module found again: ${name}`, async () => {
      const { bytes, isDrip } = FLOODS[name](1);
      let isFlooded = false;
      let poured = 0;
      let pourings = 0;
      let before = 0;
      let most = 0;
      const opened: number[] = [];
      const rig = memoryRig({
        watch: (line: Transport) => {
          opened.push(rig.clock.now());
          const emit = line.emit.bind(line);
          // What the module says is not heard any more.
          line.emit = (event, ...news) => (event === "data" && isFlooded ? false : emit(event, ...news));
          const pour = (): void => {
            if (!isFlooded) return;
            for (let pieces = isDrip === true ? 1 : 8; pieces > 0; pieces--) {
              const piece = bytes.subarray(0, isDrip === true ? 1 : PIECE);
              poured += piece.length;
              emit("data", Buffer.from(piece));
            }
            if (++pourings % 16 === 0) most = Math.max(most, heldMemory() - before);
            rig.clock.after(isDrip === true ? 5_000 : EVERY_MS, pour);
          };
          pours = pour;
          rig.clock.after(EVERY_MS, pour);
        },
      });
      let pours: () => void = () => undefined;
      const { clock, modem } = rig;
      modem.acquire();
      await clock.run(() => modem.state.name === "ready");
      before = heldMemory();
      isFlooded = true;
      const first = opened.length;
      const began = clock.now();
      pours();
      await clock.run(() => opened.length >= first + 2, 20 * 60_000);
      assert(isDrip === true || poured > 10 * PIECE, `${poured} bytes`);
      assert(most < 5 * MEGABYTE, `${most} bytes are held while it lasts`);
      await waitFor("less than 5 MB to be held afterwards", () => heldMemory() - before < 5 * MEGABYTE);
      const pauses = opened.slice(first).map((at, index) => at - (opened[first + index - 1] ?? began));
      assert(
        pauses.every((ms) => ms >= 800),
        `opened again after ${pauses.join(", ")} ms`,
      );
      isFlooded = false;
      await clock.run(() => modem.state.name === "ready", 10 * 60_000);
      await rig.close();
    });
  }
});
