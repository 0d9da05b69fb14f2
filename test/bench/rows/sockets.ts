/**
 * A TCP connection of the module as a stream: bytes on the line, command lines, time, and a round trip.
 *
 * Bytes, command lines and times are those of a virtual clock, so the host takes no time in them; the round trip is in
 * real time beside a bare TCP connection to the same server.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { Duplex } from "node:stream";
import { systemClock } from "../../../lib/clock";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { ModuleSockets } from "../../../lib/quectel/sockets/module-sockets";
import { SimulatedModem, simulatorTransport } from "../../../lib/simulator";
import { certificate } from "../../support/certificates";
import { modemOn, NETWORK } from "../../support/module-replies";
import { collected, socketRig, type SocketRig } from "../../support/socket-rig";
import type { Figure } from "../figure";
import { inRounds, type Row } from "../row";
import { median } from "../statistics";

const REPORT_BYTES = 102_400;
/** An HTML mail with 100 KiB attached, as it stands in SMTP. */
const MAIL_BYTES = 141_504;
const BLOCK = 1_460;

const LINES = [
  { rate: 115_200, thinkingMs: 2 },
  { rate: 115_200, thinkingMs: 20 },
  { rate: 921_600, thinkingMs: 2 },
  { rate: 921_600, thinkingMs: 20 },
] as const;

const TURNS = 200;

export const sockets: Row = {
  name: "sockets",
  about:
    "A TCP connection of the module: bytes on the line over bytes carried, command lines from QIOPEN to QICLOSE for an exchange of 1.4 kB like that of a mail, time of a mail's 141,504 bytes over that of the bytes alone beside what one thinking time a block allows, and a round trip of 100 bytes beside bare TCP.",
  async measure(rounds) {
    const figures: Figure[] = [];
    for (const direction of ["up", "down"] as const) {
      for (const secure of [false, true]) {
        figures.push({
          what: `socket, bytes on the line over 100 KiB carried ${direction}, ${secure ? "TLS 1.3" : "in clear"}`,
          unit: "x",
          samples: await inRounds(rounds, () => overhead(direction, secure)),
          ...(direction === "up" ? { goal: { kind: "atMost", limit: 1.02 } as const } : {}),
        });
      }
    }
    figures.push({
      what: "socket, command lines of an exchange of 1.4 kB",
      unit: "",
      samples: await inRounds(rounds, exchangeLines),
      goal: { kind: "atMost", limit: 22 },
    });
    for (const line of LINES) {
      figures.push({
        what: `socket, efficiency at ${line.rate} bit/s, ${line.thinkingMs} ms of thinking time`,
        unit: "%",
        samples: await inRounds(rounds, () => efficiency(line)),
        peer: { name: "computed limit", samples: Array<number>(rounds).fill(limitOf(line)) },
      });
    }
    const trips = await inRounds(rounds, roundTrips);
    figures.push({
      what: "round trip of 100 bytes over a socket of the module",
      unit: "ms",
      samples: trips.map(({ module }) => module),
      peer: { name: "bare TCP", samples: trips.map(({ bare }) => bare) },
    });
    return figures;
  },
};

async function opened(
  timing: { readonly line?: number; readonly thinkingMs?: number } = {},
): Promise<SocketRig> {
  const rig = socketRig({ module: { timing } });
  await rig.ready();
  return rig;
}

/** Bytes on the line in the direction of the payload, from the first byte of the connection's own dialogue on. */
async function overhead(direction: "up" | "down", secure: boolean): Promise<number> {
  // At this rate the module's send buffer does not fill.
  const rig = await opened({ line: 115_200 });
  const { clock, module } = rig;
  const socket = await rig.connect();
  module.log.clear();
  const near: Duplex = secure
    ? connectTls({
        socket,
        ca: certificate("ca").cert,
        servername: "mail.example.com",
        minVersion: "TLSv1.3",
      })
    : socket;
  const far: Duplex = secure
    ? new TLSSocket(rig.peer(), { isServer: true, ...certificate("server") })
    : rig.peer();
  const [from, to] = direction === "up" ? [near, far] : [far, near];
  const seen = collected(to);
  from.on("error", () => undefined).resume();
  from.write(Buffer.alloc(REPORT_BYTES, "x"));
  await clock.run(() => seen.bytes().length === REPORT_BYTES);
  const bytes = module.log.bytes(direction === "up" ? "received" : "sent", "usbat").length;
  near.destroy();
  socket.destroy();
  await clock.advance(3_000);
  await rig.close();
  return bytes / REPORT_BYTES;
}

/** What the two sides of a submission say, line by line in turns. */
const EXCHANGE: readonly (readonly ["peer" | "host", number])[] = [
  ["peer", 40],
  ["host", 20],
  ["peer", 160],
  ["host", 60],
  ["peer", 30],
  ["host", 90],
  ["peer", 70],
  ["host", 1_400],
  ["peer", 60],
  ["host", 6],
  ["peer", 20],
];

async function exchangeLines(): Promise<number> {
  const rig = await opened();
  const { clock } = rig;
  // The settings of the module are looked at once in each of its starts.
  const first = await rig.connect();
  first.destroy();
  await clock.advance(3_000);
  rig.commands();
  const socket = await rig.connect();
  const [near, far] = [collected(socket), collected(rig.peer())];
  const said = { peer: 0, host: 0 };
  for (const [who, length] of EXCHANGE) {
    said[who] += length;
    (who === "host" ? socket : rig.peer()).write(Buffer.alloc(length, "x"));
    await clock.run(() => near.bytes().length === said.peer && far.bytes().length === said.host);
  }
  rig.peer().end();
  await clock.run(() => near.closed());
  await clock.advance(3_000);
  const lines = rig.commands().length;
  await rig.close();
  return lines;
}

/** Percent of the time that the bytes alone take. */
async function efficiency({ rate, thinkingMs }: (typeof LINES)[number]): Promise<number> {
  const rig = await opened({ line: rate, thinkingMs });
  const { clock } = rig;
  const socket = await rig.connect();
  rig.peer().resume();
  // What the module does after a start is over.
  await clock.advance(1_000);
  const begun = clock.now();
  await clock.until(
    new Promise<void>((resolve, reject) => {
      socket.write(Buffer.alloc(MAIL_BYTES), (error) => (error ? reject(error) : resolve()));
    }),
  );
  const ms = clock.now() - begun;
  socket.destroy();
  await clock.advance(3_000);
  await rig.close();
  return (100 * bytesAlone(rate)) / ms;
}

/** The simulated module thinks once for each command line, and each block is one. Percent. */
function limitOf({ rate, thinkingMs }: (typeof LINES)[number]): number {
  const waits = Math.ceil(MAIL_BYTES / BLOCK) * thinkingMs;
  return (100 * bytesAlone(rate)) / (bytesAlone(rate) + waits);
}

function bytesAlone(rate: number): number {
  return (MAIL_BYTES * 10_000) / rate;
}

/** Medians in ms, by the module's socket and by a socket of the host. */
async function roundTrips(): Promise<{ readonly module: number; readonly bare: number }> {
  const server = createServer({ noDelay: true }, (peer) => peer.on("error", () => undefined).pipe(peer));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { modem } = modemOn(simulatorTransport(new SimulatedModem()), systemClock);
  const pdp = new PdpContext(modem, NETWORK);
  modem.acquire();
  await modem.whenReady();
  await pdp.activate();
  const manager = new ModuleSockets(modem, memoryStore());
  const target = { contextId: 1, host: "127.0.0.1", port } as const;
  const socket = await manager.connect(target, new AbortController().signal);
  const bare = connect({ port, noDelay: true });
  await once(bare, "connect");
  const result = { module: await typicalTrip(socket), bare: await typicalTrip(bare) };
  socket.destroy();
  bare.destroy();
  pdp.close();
  await modem.close();
  server.close();
  return result;
}

async function typicalTrip(stream: Duplex): Promise<number> {
  const times: number[] = [];
  const message = Buffer.alloc(100, "x");
  for (let turn = 0; turn < TURNS; turn++) {
    const begun = performance.now();
    let missing = message.length;
    await new Promise<void>((resolve) => {
      const onData = (bytes: Buffer): void => {
        missing -= bytes.length;
        if (missing > 0) return;
        stream.off("data", onData);
        resolve();
      };
      stream.on("data", onData);
      stream.write(message);
    });
    times.push(performance.now() - begun);
  }
  return median(times);
}
