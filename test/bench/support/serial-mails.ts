/**
 * Mails over a serial port, in a process of another Node.js: `serial-mails.ts PORT SMTP-PORT`.
 *
 * Started by `serialMails`; run as a program it tells its times to the parent and ends.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { SerialTransport } from "../../../lib/serial/serial-transport";
import type { Transaction } from "../../../lib/mailer/mailer";
import { ALERT, report } from "./mails";
import { modemThrough } from "./real-time";

/** Milliseconds each: the first mail of a connection from the opening of the port on, and the next. */
export interface SerialTimes {
  readonly alert: { readonly first: number; readonly next: number };
  readonly report: { readonly first: number; readonly next: number };
}

/** @param node path of the Node.js. @param path of the serial port. @param smtpPort see `modemThrough`. */
export async function serialMails(node: string, path: string, smtpPort: number): Promise<SerialTimes> {
  const child = fork(__filename, [path, String(smtpPort)], {
    execPath: node,
    execArgv: ["--import", "tsx"],
  });
  const ended = once(child, "exit").then(() => {
    throw new Error(`the mails over ${path} were not measured`);
  });
  const [times] = (await Promise.race([once(child, "message"), ended])) as [SerialTimes];
  await ended.catch(() => undefined);
  return times;
}

async function measure(path: string, smtpPort: number): Promise<SerialTimes> {
  return {
    alert: await connection(path, smtpPort, [ALERT, ALERT]),
    report: await connection(path, smtpPort, [report(1), report(2)]),
  };
}

async function connection(
  path: string,
  smtpPort: number,
  [first, next]: readonly [Transaction, Transaction],
): Promise<{ readonly first: number; readonly next: number }> {
  const line = { path, baudRate: 115_200, flowControl: "none", dtr: "leave", rts: "leave" } as const;
  const began = performance.now();
  const modem = await modemThrough(() => new SerialTransport(line), smtpPort);
  await modem.send(first);
  const between = performance.now();
  await modem.send(next);
  const ended = performance.now();
  await modem.close();
  return { first: between - began, next: ended - between };
}

if (require.main === module) {
  const [path = "", smtpPort] = process.argv.slice(2);
  void measure(path, Number(smtpPort)).then((times) => process.send?.(times, () => process.disconnect()));
}
