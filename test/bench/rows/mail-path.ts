/**
 * The path of a mail: how much code of `lib` a plain second mail runs through, from the message to the end that is told.
 *
 * Counted, not timed. The module and the mail server run in a process of their own, behind TCP.
 */
import { join } from "node:path";
import { systemClock } from "../../../lib/clock";
import { readMessage } from "../../../lib/mail/message/message";
import { assemble } from "../../../nodes/runtime/modem/assembly";
import { readModemSettings } from "../../../nodes/runtime/settings/modem-settings";
import { KeptLog } from "../../support/module-replies";
import { inRounds, type Row } from "../row";
import { withFolder } from "../support/disk-outbox";
import { executedBy, type ExecutedCode } from "../support/executed-code";
import { startMailStation } from "../support/mail-station";

const ROOT = join(__dirname, "../../..");
/** Lines. */
const LONGEST_FUNCTION = 60;
/**
 * The goal was set with a counter that found 323 functions in 89 files of the code of 23 November 2026, and 100 in nodemailer.
 * This row finds 357 in 95 files of the same code, and V8 105 (pooled) to 118 in nodemailer. It would find 320 in 89 if methods
 * counted as nested in what V8 calls the function of the fields of their class, whose range is the class.
 */
const MOST_FUNCTIONS = 180;

export const mailPath: Row = {
  name: "mail-path",
  about:
    "Files, functions and lines of lib/ that a plain second mail executes, from the message to its end, by V8's exact coverage: functions and methods, what stands within one being part of it; ports and simulator are left out.",
  async measure(rounds) {
    const runs = await inRounds(rounds, secondMail);
    const numbers = (count: (run: ExecutedCode) => number): readonly number[] => runs.map(count);
    return [
      {
        what: "files that a second mail runs through",
        unit: "",
        samples: numbers(({ functions }) => new Set(functions.map(({ file }) => file)).size),
        goal: { kind: "atMost", limit: 50 },
      },
      {
        what: "functions that a second mail runs through",
        unit: "",
        samples: numbers(({ functions }) => functions.filter(({ isPart }) => !isPart).length),
        goal: { kind: "atMost", limit: MOST_FUNCTIONS },
      },
      {
        what: `functions over ${LONGEST_FUNCTION} lines among them`,
        unit: "",
        samples: numbers(({ functions }) => functions.filter(({ lines }) => lines > LONGEST_FUNCTION).length),
        goal: { kind: "exactly", value: 0 },
      },
      {
        what: "lines that a second mail executes",
        unit: "",
        samples: numbers(({ lines }) => [...lines.values()].reduce((sum, { size }) => sum + size, 0)),
      },
    ];
  },
};

/** What the code that `lib` itself brings is; the port is the business of serialport or a socket. */
function counts(file: string): boolean {
  return file.startsWith("lib/") && !/^lib\/(simulator\/|serial\/\w+-transport)/.test(file);
}

async function secondMail(): Promise<ExecutedCode> {
  const station = await startMailStation();
  try {
    return await withFolder((directory) => onStation(directory, station.modemPort, station.smtpPort));
  } finally {
    station.stop();
  }
}

async function onStation(directory: string, modemPort: number, smtpPort: number): Promise<ExecutedCode> {
  const settings = readModemSettings(
    {
      transport: "tcp",
      tcpHost: "127.0.0.1",
      tcpPort: modemPort,
      smtpHost: "127.0.0.1",
      smtpPort,
      smtpSecurity: "none",
      senderAddress: "pump7@example.com",
    },
    {},
  );
  const assembly = assemble(settings, { directory, clock: systemClock, log: new KeptLog() });
  const { modem, outbox } = assembly;
  const send = async (): Promise<void> => {
    const ended = new Promise<string>((resolve) => {
      outbox.once("ended", ({ result }) => resolve(result.status));
    });
    const policy = { allowFrom: false, attachmentPaths: [] };
    const message = { to: "duty@example.com", topic: "Pump 7 alarm", payload: "Level too high." };
    const mail = await readMessage(message, {}, policy);
    const options = { maxAge: undefined, delivery: "atLeastOnce" } as const;
    await outbox.accept(mail, options, { nodeId: "n1", message });
    const status = await ended;
    if (status !== "sent") throw new Error(`the mail is ${status}`);
  };
  try {
    await outbox.open();
    modem.acquire();
    await modem.whenReady();
    await send();
    return await executedBy(send, ROOT, counts);
  } finally {
    await assembly.close();
  }
}
