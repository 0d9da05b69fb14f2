/** What must hold of a socket for any bytes in any pieces. The seed of a failing run is printed with the counterexample. */
import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import fc from "fast-check";
import type { ModuleSocket } from "../../../lib/quectel/sockets/module-socket";
import type { VariantChoice } from "../../../lib/simulator";
import { collected, socketRig, type SocketRig } from "../../support/socket-rig";
import { RUNS, TIME } from "../../support/property";

/** What a reader of lines would take for the module's word, and a data mode for its end. */
const hard = fc.constantFrom(
  "\r\nOK\r\n",
  "OK",
  "\r\nERROR\r\n",
  "\r\nSEND OK\r\n",
  "\r\nSEND FAIL\r\n",
  "> ",
  "\r\n>",
  '\r\n+QIURC: "closed",0\r\n',
  '\r\n+QIURC: "recv",0\r\n',
  "\r\n+QIRD: 5\r\n",
  "\r\nRDY\r\n",
  "\r\n+CFUN: 1\r\n",
  "AT+CFUN=1,1\r",
  "CONNECT\r\n",
  "+++",
  "\0",
  "\x1a",
  "\x1b",
  "\r\n.\r\n",
);

const piece = fc
  .oneof(
    { weight: 3, arbitrary: hard },
    {
      weight: 2,
      arbitrary: fc.string({ unit: fc.nat({ max: 255 }).map((code) => String.fromCharCode(code)) }),
    },
    { weight: 1, arbitrary: fc.nat({ max: 3_100 }).map((length) => "OK\r\n".repeat(length / 4)) },
  )
  .map((text) => Buffer.from(text, "latin1"))
  .filter((bytes) => bytes.length > 0);

/** What happens one after the other; the pieces of both directions, and what else goes on at the port. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("write" as const), bytes: piece }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("arrive" as const), bytes: piece }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("urc" as const, "poll" as const, "turn" as const) }),
  },
);

const VARIANTS: readonly VariantChoice[] = [
  {},
  { "socket-prompt": "bare", "read-line-ends": "two", "recv-length": "1", "recv-again": "zero-read" },
  { "recv-again": "each", "connected-state": "3", "socket-echo": "off", "send-buffer": "5840" },
];

for (const variants of VARIANTS) {
  describe(`properties: a socket of a module (${JSON.stringify(variants)})`, function () {
    this.timeout(TIME);

    /** One connection serves many runs: what one leaves behind would spoil the next. */
    let open: { rig: SocketRig; socket: ModuleSocket; peer: Duplex } | undefined;
    let cuts: readonly number[] = [];

    async function connection(): Promise<NonNullable<typeof open>> {
      if (open !== undefined && !open.socket.destroyed) return open;
      const rig = socketRig({
        module: { variants },
        watch: (transport) => {
          // The line delivers its bytes in pieces of any size.
          const emit = transport.emit.bind(transport);
          transport.emit = ((event: string, bytes: Buffer) => {
            if (event !== "data") return Reflect.apply(emit, transport, [event, bytes]);
            let rest = bytes;
            for (const cut of cuts) {
              const at = cut % (rest.length + 1);
              if (at > 0) emit("data", rest.subarray(0, at));
              rest = rest.subarray(at);
            }
            return rest.length === 0 || emit("data", rest);
          }) as typeof transport.emit;
        },
      });
      await rig.ready();
      const socket = await rig.connect();
      open = { rig, socket, peer: rig.peer() };
      return open;
    }

    it("carries in both directions exactly what was written", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 8 }),
          fc.array(fc.nat(), { maxLength: 4 }),
          async (steps, places) => {
            const { rig, socket, peer } = await connection();
            const { clock, module, modem } = rig;
            module.log.clear();
            cuts = places;
            const [near, far] = [collected(socket), collected(peer)];
            const up: Buffer[] = [];
            const down: Buffer[] = [];
            const polls: Promise<unknown>[] = [];
            for (const { kind, ...rest } of steps) {
              const bytes = "bytes" in rest ? rest.bytes : Buffer.alloc(0);
              switch (kind) {
                case "write":
                  up.push(bytes);
                  socket.write(bytes);
                  break;
                case "arrive":
                  down.push(bytes);
                  peer.write(bytes);
                  break;
                case "urc":
                  module.raiseUrc('+QIND: "csq",20,99');
                  break;
                case "poll":
                  polls.push(
                    modem.execute({
                      line: "AT+CSQ",
                      headers: ["+CSQ"],
                      timeoutMs: 5_000,
                      parse: ({ lines }) => assert.equal(lines.length, 1),
                    }),
                  );
                  break;
                case "turn":
                  await clock.advance(1);
              }
            }
            const [sent, arriving] = [Buffer.concat(up), Buffer.concat(down)];
            await clock.run(
              () => near.bytes().length >= arriving.length && far.bytes().length >= sent.length,
              60_000,
            );
            await clock.until(Promise.all(polls));
            await clock.until(socket.drained());
            near.stop();
            far.stop();
            assert.ok(near.bytes().equals(arriving), "what arrived is not what the peer sent");
            assert.ok(far.bytes().equals(sent), "what the peer got is not what was written");
            assert.equal(near.error(), undefined);
          },
        ),
        { numRuns: Math.ceil(RUNS / VARIANTS.length) },
      );
    });
  });
}
