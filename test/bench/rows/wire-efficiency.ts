/**
 * Wire efficiency: a whole report (10 KiB of text, 100 KiB attached) over the time that these bytes alone take on the
 * line, from the call to the moment at which the module has read AT+QSMTPPUT. It is the first mail of a connection.
 *
 * On the virtual clock the host takes no time, so what is above 1 is command lines, answers and gaps. In real time,
 * at the fastest rate, it is the host as well.
 */
import { systemClock } from "../../../lib/clock";
import type { SimulatedModem } from "../../../lib/simulator";
import { mailRig } from "../../e2e/transaction/mail-rig";
import { MailServer } from "../../support/mail-server";
import type { Figure } from "../figure";
import { inRounds, type Row } from "../row";
import { ATTACHMENT_BYTES, BODY_BYTES, report } from "../support/mails";
import { realModem } from "../support/real-time";
import { withoutFlowControl } from "../../support/without-flow-control";

const RATES = [
  { rate: 115_200, limit: 1.03 },
  { rate: 460_800, limit: 1.1 },
  { rate: 921_600, limit: 1.1 },
] as const;
const FASTEST = 921_600;

const MODES = [
  { name: "flow control", acknowledged: false },
  { name: "acknowledged blocks", acknowledged: true },
] as const;

export const wireEfficiency: Row = {
  name: "wire-efficiency",
  about:
    "Time until the module has a report (10 KiB text, 100 KiB attached, no thinking time) over that of its bytes alone; on the virtual clock exactly, in real time with what the host takes.",
  async measure(rounds) {
    const figures: Figure[] = [];
    for (const { rate, limit } of RATES) {
      for (const { name, acknowledged } of MODES) {
        figures.push({
          what: `wire efficiency at ${rate} bit/s, ${name}`,
          unit: "x",
          samples: await inRounds(rounds, (round) => virtual(rate, acknowledged, round)),
          goal: { kind: "atMost", limit },
        });
      }
    }
    figures.push({
      what: `wire efficiency at ${FASTEST} bit/s, in real time`,
      unit: "x",
      samples: await inRounds(rounds, (round) => real(FASTEST, round)),
      goal: { kind: "atMost", limit: 1.1 },
    });
    return figures;
  },
};

async function virtual(rate: number, acknowledged: boolean, round: number): Promise<number> {
  const rig = await mailRig({
    module: { timing: { line: rate } },
    ...(acknowledged ? { transport: withoutFlowControl } : {}),
  });
  const mail = report(round);
  const started = rig.clock.now();
  await rig.send(mail);
  await rig.stop();
  return (filledAt(rig.module) - started) / bytesAlone(rate);
}

async function real(rate: number, round: number): Promise<number> {
  const server = await MailServer.start();
  const modem = await realModem(server.port, { line: rate });
  const mail = report(round);
  const started = systemClock.now();
  await modem.send(mail);
  await modem.close();
  await server.stop();
  return (filledAt(modem.module) - started) / bytesAlone(rate);
}

/** When the module had the whole mail, ms of its clock. */
function filledAt({ log }: SimulatedModem): number {
  const put = log.entries.find((entry) => entry.kind === "line" && entry.text.startsWith("AT+QSMTPPUT"));
  if (put === undefined) throw new Error("the mail was not sent");
  return put.at;
}

/** Milliseconds that text and attachment take on the line, ten bits a byte. */
function bytesAlone(rate: number): number {
  return ((BODY_BYTES + ATTACHMENT_BYTES) * 10_000) / rate;
}
