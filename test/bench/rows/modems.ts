/** Many modems in one runtime: what the processor spends on a mail, with one modem and with twenty at work. */
import { inRounds, type Row } from "../row";
import { ALERT } from "../support/mails";
import { type RealModem, realModem } from "../support/real-time";

const NUMBERS = [1, 5, 20] as const;
const MOST = 20;
/** Mails of each round, shared out among the modems. */
const MAILS = 100;
const FLAT = 1.5;

export const modems: Row = {
  name: "modems",
  about:
    "Processor time of an alert with 1, 5 and 20 modems sending at once; the simulated modules run in the same process and are part of it.",
  async measure(rounds) {
    const all = await Promise.all(Array.from({ length: MOST }, () => realModem("none")));
    await costOfMail(all);
    const results = await inRounds(rounds, async () => {
      const costs: number[] = [];
      for (const number of NUMBERS) costs.push(await costOfMail(all.slice(0, number)));
      return costs;
    });
    await Promise.all(all.map((modem) => modem.close()));
    const samples = (index: number): readonly number[] => results.map((costs) => costs[index] ?? Number.NaN);
    return NUMBERS.map((number, index) => ({
      what: `processor time of a mail, ${number} ${number === 1 ? "modem" : "modems"}`,
      unit: "ms",
      samples: samples(index),
      ...(index === 0
        ? {}
        : {
            goal: { kind: "timesPeer" as const, factor: FLAT },
            peer: { name: "1 modem", samples: samples(0) },
          }),
    }));
  },
};

/** Milliseconds of processor time. */
async function costOfMail(senders: readonly RealModem[]): Promise<number> {
  const before = process.cpuUsage();
  await Promise.all(
    senders.map(async (modem) => {
      for (let count = 0; count < MAILS / senders.length; count++) await modem.send(ALERT);
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / MAILS;
}
