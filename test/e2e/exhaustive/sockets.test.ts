/**
 * A connection that carries 4 kB both ways, with a mishap at any byte of its dialogue.
 *
 * In clear, for what ends a connection: until the host is told, no byte is wrong and none is missing in the middle, and
 * nothing hangs. (Afterwards the resync ladder fills up a block that was left unfinished, which the peer gets.) Under
 * TLS, for bytes that are lost, doubled or damaged on the line, which has no checksum of its own: what reaches either
 * program is right, or nothing.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Duplex } from "node:stream";
import { connect as connectTls, createSecureContext, TLSSocket } from "node:tls";
import { collected, socketRig, type SocketRig } from "../../support/socket-rig";
import type { Extent } from "./extent";
import { BOOT, BRIEF, NETWORK, SPOILS, type Mishap, type Place } from "./mishaps";
import { placesOf, Tally, timeFor, tryAll } from "./places";

const MINUTE = 60_000;
const PATIENCE = 60 * MINUTE;
/** The near program gives up when nothing has passed for so long, as SMTP clients do; later than the connection itself does. */
const SILENCE = 5 * MINUTE;

/** Each side says so much. */
const UP = pattern(4_096, 7);
const DOWN = pattern(4_096, 11);

function pattern(length: number, factor: number): Buffer {
  return Buffer.from(Array.from({ length }, (_value, at) => (at * factor + (at >> 8)) & 0xff));
}

const certificate = (name: string): Buffer => readFileSync(resolve("test/support/certificates", name));
/** Made once: reading the certificates and the key again would be a tenth of the time of each connection. */
const NEAR = createSecureContext({ ca: certificate("ca.pem"), minVersion: "TLSv1.3" });
const FAR = createSecureContext({ key: certificate("server.key"), cert: certificate("server.pem") });

/** The two ends of what a connection carries: the bytes themselves, or what TLS makes of them. */
interface Form {
  readonly name: string;
  readonly near: (socket: Duplex) => Duplex;
  readonly far: (peer: Duplex) => Duplex;
}

const CLEAR: Form = { name: "in clear", near: (socket) => socket, far: (peer) => peer };
const TLS: Form = {
  name: "under TLS",
  near: (socket) => connectTls({ socket, secureContext: NEAR, servername: "mail.example.com" }),
  far: (peer) => new TLSSocket(peer, { isServer: true, secureContext: FAR }),
};

interface Result {
  readonly up: Buffer;
  readonly down: Buffer;
  /** The host was told that the peer has everything, and has got everything itself. */
  readonly complete: boolean;
}

/** Both sides say what they have to say; ends when the stream has ended, whatever befell it. */
async function exchange(rig: SocketRig, form: Form): Promise<Result | undefined> {
  const { clock, sockets } = rig;
  const before = rig.peers.length;
  const target = { contextId: 1, host: "mail.example.com", port: 587 } as const;
  const signal = new AbortController().signal;
  const socket = await clock.until(
    sockets.connect(target, signal).catch(() => undefined),
    PATIENCE,
  );
  if (socket === undefined) return undefined;
  socket.setTimeout(SILENCE, () => void socket.destroy());
  const raw = collected(socket);
  const near = form.near(socket);
  const peer = rig.peers[before];
  if (peer === undefined) throw new Error("connected to nobody");
  const far = form.far(peer);
  const [seenNear, seenFar] = [collected(near), collected(far)];
  far.write(DOWN);
  near.write(UP);
  let complete = false;
  const done = (): boolean => seenNear.bytes().length >= DOWN.length && seenFar.bytes().length >= UP.length;
  await clock.run(() => done() || raw.closed(), PATIENCE);
  if (!raw.closed()) {
    complete = await clock.until(
      socket.drained().then(
        () => true,
        () => false,
      ),
      PATIENCE,
    );
    near.end();
    far.end();
    await clock.run(() => raw.closed(), PATIENCE);
  }
  near.destroy();
  far.destroy();
  return { up: seenFar.bytes(), down: seenNear.bytes(), complete };
}

async function openRig(mishap?: Mishap): Promise<SocketRig> {
  const rig = socketRig({
    module: { timing: { ...BOOT, thinkingMs: 2 }, ...(mishap?.variants && { variants: mishap.variants }) },
  });
  await rig.ready();
  rig.module.log.clear();
  return rig;
}

/** How many bytes an undisturbed exchange has on the line. */
async function extentOf(form: Form): Promise<Extent> {
  const rig = await openRig();
  const result = await exchange(rig, form);
  assert.deepEqual(result, { up: UP, down: DOWN, complete: true });
  const { log } = rig.module;
  const bytes = { host: log.bytes("received", "usbat").length, modem: log.bytes("sent", "usbat").length };
  await rig.close();
  return { bytes, decision: { host: [1, 0], modem: [1, 0] } };
}

async function disturbed(form: Form, mishap: Mishap, place: Place): Promise<void> {
  const rig = await openRig(mishap);
  const { clock, modem, module, pdp } = rig;
  let isOver = false;
  let hasBegun = false;
  const course = { begun: () => void (hasBegun = true), over: () => void (isOver = true) };
  module.faults.set(mishap.plan(place, course));
  const result = await exchange(rig, form);
  if (result !== undefined) {
    assert.ok(UP.subarray(0, result.up.length).equals(result.up), "the peer has got wrong bytes");
    assert.ok(DOWN.subarray(0, result.down.length).equals(result.down), "the host has got wrong bytes");
    if (result.complete) {
      assert.ok(result.up.equals(UP), "said to be with the peer");
      assert.ok(result.down.equals(DOWN));
    }
  }
  await clock.run(() => isOver || !hasBegun, PATIENCE);
  module.faults.set([]);
  await clock.advance(2 * MINUTE);
  await clock.until(modem.whenReady(), PATIENCE);
  await clock.until(pdp.activate(), PATIENCE);
  assert.deepEqual(await exchange(rig, form), { up: UP, down: DOWN, complete: true }, "the next connection");
  await clock.advance(10_000);
  assert.equal((await rig.store.read("sockets")) ?? "[]", "[]", "ids are left");
  await rig.close();
  assert.equal(clock.timers, 0, "timers are left");
}

describe("a connection that carries 4 kB both ways, with a mishap at any byte in either direction", () => {
  const tally = new Tally("a connection that carries 4 kB both ways");
  after(() => tally.print());

  for (const [form, mishaps] of [
    [CLEAR, [...BRIEF, ...NETWORK]],
    [TLS, SPOILS],
  ] as const) {
    for (const mishap of mishaps) {
      it(`${form.name} has no wrong bytes and no end missing although the ${mishap.name}`, async function () {
        this.timeout(60_000);
        const extent = await extentOf(form);
        const places = placesOf(extent);
        this.timeout(2 * timeFor(places));
        await tryAll(places, (place) => disturbed(form, mishap, place));
        tally.add(places, extent);
      });
    }
  }
});
