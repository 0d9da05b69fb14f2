/**
 * Mails over a serial port on two versions of Node.js, side by side: the simulated module as a program of its own on a
 * pseudo terminal, at 115200 bit/s, thinking as long as a module does. Shows whether a Node.js lets bytes wait.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MailServer } from "../../support/mail-server";
import { nodeBeside } from "../../support/node-red-versions";
import { startSimulatorOnPty } from "../../support/simulator-process";
import { inRounds, type Row } from "../row";
import { serialMails, type SerialTimes } from "../support/serial-mails";

const NEW = 26;
const OLD = 24;
/** The slower of two that do the same may be so much slower. */
const FACTOR = 1.15;

const MAILS = [
  { mail: "alert", name: "an alert" },
  { mail: "report", name: "a report with 100 KiB" },
] as const;
const PLACES = [
  { place: "first", name: "first of a connection" },
  { place: "next", name: "next" },
] as const;

export const serialMail: Row = {
  name: "serial-mail",
  about: `Mails over a pseudo terminal at 115200 bit/s, module with thinking time, on Node.js ${NEW} beside Node.js ${OLD}; the first alert from the opening of the port on, while the module starts.`,
  async measure(rounds) {
    const server = await MailServer.start();
    const folder = await mkdtemp(join(tmpdir(), "serial-mail-"));
    try {
      const results = await inRounds(rounds, async (round) => {
        const on = (major: number): Promise<SerialTimes> =>
          timesOn(major, join(folder, `tty-${major}-${round}`), server.port);
        const [recent, old] = await Promise.all([on(NEW), on(OLD)]);
        return { recent, old };
      });
      const seconds = (times: readonly SerialTimes[], { mail, place }: Which): number[] =>
        times.map((one) => one[mail][place] / 1000);
      return MAILS.flatMap(({ mail, name }) =>
        PLACES.map(({ place, name: where }) => ({
          what: `${name} over a serial port, Node.js ${NEW}, ${where}`,
          unit: "s",
          samples: seconds(
            results.map(({ recent }) => recent),
            { mail, place },
          ),
          goal: { kind: "timesPeer", factor: FACTOR } as const,
          peer: {
            name: `Node.js ${OLD}`,
            samples: seconds(
              results.map(({ old }) => old),
              { mail, place },
            ),
          },
        })),
      );
    } finally {
      await rm(folder, { recursive: true });
      await server.stop();
    }
  },
};

interface Which {
  readonly mail: (typeof MAILS)[number]["mail"];
  readonly place: (typeof PLACES)[number]["place"];
}

async function timesOn(major: number, path: string, smtpPort: number): Promise<SerialTimes> {
  const simulator = await startSimulatorOnPty(path);
  try {
    return await serialMails(nodeBeside(major), path, smtpPort);
  } finally {
    await simulator.stop();
  }
}
