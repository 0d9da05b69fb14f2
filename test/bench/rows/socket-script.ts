/**
 * A mail in clear over a socket of the module: the mailer of this package against a plain script over QIOPEN, on the virtual
 * clock: command lines, and the time from the first command to the server's acceptance.
 */
import type { Transport } from "../../../lib/serial/transport";
import { simulatorTransport } from "../../../lib/simulator";
import { MemorySmtp } from "../../support/memory-smtp";
import { socketHost } from "../../support/socket-mailer";
import { VirtualClock } from "../../support/virtual-clock";
import { sendBySocketScript } from "../peers/socket-script";
import { inRounds, type Row } from "../row";
import { distant } from "../support/distant";
import { ALERT } from "../support/mails";

const ROUND_TRIP_MS = 400;
/** Milliseconds that the module takes for a command. */
const THINKING_MS = 5;

interface Cost {
  readonly lines: number;
  readonly ms: number;
}

export const socketScript: Row = {
  name: "socket-script",
  about:
    "An alert in clear over a socket of the module, as the second mail of a modem: command lines and time to the server's acceptance, against a script over QIOPEN that has no encryption, no login, no spool and no retry; the module thinks 5 ms a command, a round trip takes 400 ms.",
  async measure(rounds) {
    const results = await inRounds(rounds, async () => ({
      own: await measured("own"),
      script: await measured("script"),
    }));
    const figure = (what: string, unit: string, of: keyof Cost) => ({
      what,
      unit,
      samples: results.map(({ own }) => own[of]),
      peer: { name: "script over QIOPEN", samples: results.map(({ script }) => script[of]) },
    });
    return [
      figure("an alert in clear over a socket, command lines", "", "lines"),
      figure("an alert in clear over a socket, to acceptance", "ms", "ms"),
    ];
  },
};

async function measured(who: "own" | "script"): Promise<Cost> {
  const clock = new VirtualClock(Date.UTC(2026, 5, 1));
  const server = new MemorySmtp();
  const host = socketHost({
    module: {
      clock,
      busy: (work) => clock.busy(work),
      timing: { roundTripMs: ROUND_TRIP_MS, thinkingMs: THINKING_MS },
    },
    serve: (peer) => server.serve(distant(clock, peer, ROUND_TRIP_MS / 2)),
  });
  await clock.until(host.ready);
  await clock.until(host.pdp.activate());
  const { log } = host.module;
  const cost = async (send: () => Promise<unknown>): Promise<Cost> => {
    const known = server.received.length;
    log.clear();
    const began = clock.now();
    const sent = send();
    await clock.run(() => server.received.length > known);
    const ms = clock.now() - began + ROUND_TRIP_MS / 2;
    await clock.until(sent);
    await clock.run(() => !host.modem.lock.held);
    return { lines: log.lines().length, ms };
  };
  if (who === "own") {
    const { mailer, send } = host.mailer({ smtp: { host: "mail.example.com" } });
    const { mail, envelope } = ALERT;
    await cost(() => send({ mail: { ...mail, id: "first" }, envelope }));
    const second = await cost(() => send({ mail: { ...mail, id: "second" }, envelope }));
    mailer.close();
    await clock.until(host.close());
    return second;
  }
  await clock.until(host.modem.close());
  const transport: Transport = simulatorTransport(host.module)();
  await clock.until(transport.open());
  const target = { host: "mail.example.com", port: 25 };
  const found = await cost(() => sendBySocketScript(transport, target, ALERT));
  await clock.until(transport.close());
  await clock.until(host.close());
  return found;
}
