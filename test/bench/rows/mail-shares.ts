/**
 * Where the time of one mail goes: the line, the module, the network with the server, and the host.
 *
 * The line and the module are those of the simulated module with lifelike times, on the virtual clock; the host is the
 * processor time of the same mail in real time without them, simulated module included, so it is no more than that.
 * The outbox is not part of it; the row `enqueue` measures what it does before.
 */
import type { Transaction } from "../../../lib/mailer/mailer";
import { lifelike } from "../../../lib/simulator";
import { mailRig } from "../../e2e/transaction/mail-rig";
import type { Figure } from "../figure";
import { inRounds, type Row } from "../row";
import { ALERT, report } from "../support/mails";
import { realModem } from "../support/real-time";

const MAILS = [
  { name: "an alert", make: (): Transaction => ALERT },
  { name: "a report with 100 KiB", make: report },
] as const;

const PARTS = ["line", "module", "network and server", "host"] as const;
type Part = (typeof PARTS)[number];

export const mailShares: Row = {
  name: "mail-shares",
  about: `Share of each part in the time of a mail, second of a connection, at ${lifelike.line} bit/s; the module thinks ${lifelike.thinkingMs} ms a command, network and server take ${lifelike.airMs / 1000} s.`,
  async measure(rounds) {
    const figures: Figure[] = [];
    const modem = await realModem("none");
    for (const { name, make } of MAILS) {
      const shares = await inRounds(rounds, async (round) => {
        const parts = { ...(await ofLineAndModule(make, round)), host: 0 };
        const before = process.cpuUsage();
        await modem.send(make(round));
        const { user, system } = process.cpuUsage(before);
        return sharesOf({ ...parts, host: (user + system) / 1000 });
      });
      for (const part of PARTS) {
        figures.push({
          what: `${name}: ${part}`,
          unit: "%",
          samples: shares.map((share) => share[part]),
          share: { whole: name, part },
        });
      }
    }
    await modem.close();
    return figures;
  },
};

/** Milliseconds. */
async function ofLineAndModule(
  make: (number: number) => Transaction,
  round: number,
): Promise<Omit<Record<Part, number>, "host">> {
  const rig = await mailRig({ module: { timing: lifelike } });
  await rig.send(ALERT);
  rig.module.log.clear();
  const started = rig.clock.now();
  await rig.send(make(round));
  const took = rig.clock.now() - started;
  const { log } = rig.module;
  const thinking = log.lines().length * lifelike.thinkingMs;
  await rig.stop();
  return { line: took - thinking - lifelike.airMs, module: thinking, "network and server": lifelike.airMs };
}

function sharesOf(times: Record<Part, number>): Record<Part, number> {
  const total = PARTS.reduce((sum, part) => sum + times[part], 0);
  const share = (part: Part): number => (100 * times[part]) / total;
  return {
    line: share("line"),
    module: share("module"),
    "network and server": share("network and server"),
    host: share("host"),
  };
}
