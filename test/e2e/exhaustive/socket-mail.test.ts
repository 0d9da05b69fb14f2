/**
 * A mail over a socket of the module, with a mishap at any byte of the line: neither lost, nor told sent when it was
 * not, nor repeated unmarked; and the next mail goes out.
 *
 * In clear at every byte, for what ends a connection. Under encryption a byte that the line damages, at every byte, ends
 * in an alert and never in a mail; what ends a connection is tried at every byte of AT framing and around each border of
 * a record.
 */
import assert from "node:assert/strict";
import type { Outcome } from "../../../lib/mailer/mailer";
import { repeatNote } from "../../../lib/mailer/outgoing";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { certificate } from "../../support/certificates";
import { transaction } from "../../support/memory-mailer";
import { MemorySmtp } from "../../support/memory-smtp";
import { socketHost, type SocketHost, type SocketMailer } from "../../support/socket-mailer";
import { VirtualClock } from "../../support/virtual-clock";
import type { Extent } from "./extent";
import { framingOf } from "./framing";
import { BOOT, BRIEF, DAMAGE, MISHAPS, NETWORK, type Mishap, type Place } from "./mishaps";
import { placesOf, Tally, timeFor, tryAll } from "./places";

const PATIENCE = 6 * 3600_000;
/** Milliseconds, as the outbox waits at least. */
const BACK_OFF = 30_000;
const MOST_TRIES = 12;
/** Bytes of the host at the end of which the mail is decided: the last lines of the message, and its dot. */
const DECISIVE = 60;
/** Mishaps of module and line that end a connection. */
const ENDS = /^module restarts$|^cable is pulled|of that direction for 60 s$/;

type Security = SmtpSettings["security"];
const TEXT = "Level too high: 3.2 m.\r\n".repeat(80);

interface Bench {
  readonly clock: VirtualClock;
  readonly server: MemorySmtp;
  readonly host: SocketHost;
  readonly rig: SocketMailer;
}

async function bench(security: Security, mishap?: Mishap): Promise<Bench> {
  const clock = new VirtualClock(Date.UTC(2026, 5, 1));
  const tls = security === "tls" ? "implicit" : security;
  const server = new MemorySmtp({ tls });
  const host = socketHost({
    module: {
      clock,
      busy: (work) => clock.busy(work),
      timing: { ...BOOT, thinkingMs: 2 },
      ...(mishap?.variants && { variants: mishap.variants }),
    },
    serve: server.serve,
  });
  const root = { from: "pem", pem: certificate("ca").cert } as const;
  const rig = host.mailer({
    smtp: { host: "mail.example.com", security, tls: { verify: true, root, contextId: 1 } },
  });
  return { clock, server, host, rig };
}

async function close({ clock, host, rig }: Bench): Promise<void> {
  rig.mailer.close();
  await clock.run(() => !host.modem.lock.held, PATIENCE);
  await clock.until(host.close());
}

/** Tries as the outbox does until it is sent. */
async function deliver({ clock, rig, server }: Bench, id: string, subject: string): Promise<Outcome> {
  const one = transaction({ id, unique: id.padEnd(32, "0"), subject, text: TEXT });
  let possibleDuplicate = false;
  let unknown = 0;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    await clock.run(() => rig.mailer.available, PATIENCE);
    const before = server.received.length;
    const outcome: Outcome = await clock.until(rig.send(one, { possibleDuplicate }), PATIENCE);
    const came = server.received.length - before;
    if (outcome.kind === "unknown") {
      assert.ok(++unknown <= 2, "nobody knows any more");
      possibleDuplicate = true;
      continue;
    }
    const isSent: boolean = outcome.recipients[0]?.state === "accepted";
    assert.equal(came, isSent ? 1 : 0, `told ${isSent ? "sent" : "not sent"}, and came ${came} times`);
    if (isSent) return outcome;
    assert.notEqual(outcome.error?.class, "message", String(outcome.error));
    if (outcome.retry.kind === "backOff") await clock.advance(BACK_OFF);
  }
  throw new Error("it was not sent");
}

/** @param isFraming only AT framing and the borders of records are tried */
async function extentOf(security: Security, isFraming: boolean): Promise<Extent> {
  const one = await bench(security);
  await one.clock.until(one.host.ready, PATIENCE);
  await deliver(one, "mail-1", "Pump 7");
  const bytes = { host: 0, modem: 0 };
  let [host, modem] = [0, 0];
  for (const entry of one.host.module.log.entries) {
    if (entry.kind === "received") bytes.host += entry.bytes.length;
    if (entry.kind === "sent") bytes.modem += entry.bytes.length;
    if (entry.kind === "line" && entry.text.startsWith("AT+QISEND="))
      [host, modem] = [bytes.host, bytes.modem];
  }
  const { module } = one.host;
  const only = { host: framingOf(module, "host"), modem: framingOf(module, "modem") };
  await close(one);
  return {
    bytes,
    ...(isFraming && { only }),
    decision: { host: [Math.max(host, bytes.host - DECISIVE), bytes.host], modem: [modem + 1, bytes.modem] },
  };
}

async function disturbed(security: Security, mishap: Mishap, place: Place): Promise<void> {
  const one = await bench(security, mishap);
  const { clock, host, server } = one;
  let isOver = false;
  host.module.faults.set(mishap.plan(place, { begun: () => undefined, over: () => (isOver = true) }));
  const first = await deliver(one, "mail-1", "Pump 7");
  await clock.run(() => isOver, PATIENCE);
  // What befell the network has passed.
  host.module.faults.set([]);
  await deliver(one, "mail-2", "Pump 7 again");
  assert.equal(first.recipients[0]?.state, "accepted");
  const ids = server.received.map(({ text }) => /^Message-ID: <(mail-\d)/m.exec(text)?.[1]);
  const copies = server.received.filter((_mail, index) => ids[index] === "mail-1");
  assert.ok(copies.length === 1 || copies.length === 2, `came ${copies.length} times`);
  const areMarked = copies.map(({ text }) => text.includes(repeatNote("mail-1")));
  if (copies.length === 2) assert.deepEqual(areMarked, [false, true], "came twice, unmarked");
  for (const { text, secure } of server.received) {
    assert.equal(secure, security !== "none");
    assert.ok(text.includes(TEXT.trimEnd()), "it came with another text");
  }
  assert.equal(ids.filter((id) => id === "mail-2").length, 1);
  await close(one);
}

describe("a mail over a socket, with a mishap at any byte in either direction", () => {
  const tally = new Tally("a mail over a socket");
  after(() => tally.print());

  // An ordinary run has time for one mishap of each kind.
  const isWhole = process.env["EXHAUSTIVE"] !== undefined;
  const some = (mishaps: readonly Mishap[]): readonly Mishap[] => (isWhole ? mishaps : mishaps.slice(0, 1));
  const ends = MISHAPS.filter(({ name }) => ENDS.test(name));
  const suites: readonly [Security, readonly Mishap[]][] = [
    ["none", [...some(BRIEF), ...some(NETWORK)]],
    ["tls", some([DAMAGE, ...NETWORK, ...ends])],
    ["starttls", isWhole ? [DAMAGE, ...NETWORK, ...ends] : []],
  ];
  for (const [security, mishaps] of suites) {
    for (const mishap of mishaps) {
      it(`is neither lost nor repeated unmarked, with ${security}, although the ${mishap.name}`, async function () {
        this.timeout(timeFor([]));
        const extent = await extentOf(security, security !== "none" && mishap !== DAMAGE);
        const places = placesOf(extent);
        this.timeout(timeFor(places));
        await tryAll(places, (place) => disturbed(security, mishap, place));
        tally.add(places, extent);
      });
    }
  }
});
