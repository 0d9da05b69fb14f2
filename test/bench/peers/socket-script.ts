/**
 * A script over QIOPEN as public examples have it: SMTP line by line through a socket of the module, each sent, confirmed, announced
 * and read before the next. No encryption, no login, no retry, nothing durable; a reply it does not like ends it.
 */
import type { Transaction } from "../../../lib/mailer/mailer";
import type { Transport } from "../../../lib/serial/transport";

export interface ScriptTarget {
  readonly host: string;
  readonly port: number;
}

/** Sends a plain mail to its first recipient; resolves when the server has taken it and the socket is closed. */
export async function sendBySocketScript(
  transport: Transport,
  { host, port }: ScriptTarget,
  { mail: { to, subject, text } }: Transaction,
): Promise<void> {
  let heard = "";
  let look = (): void => undefined;
  transport.on("data", (bytes) => {
    heard += bytes.toString("latin1");
    look();
  });
  const until = (pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      look = () => {
        const found = pattern.exec(heard);
        if (found === null) return;
        heard = heard.slice(found.index + found[0].length);
        look = () => undefined;
        resolve(found[1] ?? "");
      };
      look();
    });
  const command = async (line: string, answer: RegExp): Promise<string> => {
    const answered = until(answer);
    await transport.write(Buffer.from(`${line}\r`));
    return answered;
  };
  const say = async (data: string): Promise<void> => {
    await command(`AT+QISEND=0,${data.length}`, /> ?/);
    const sent = until(/SEND OK\r\n/);
    await transport.write(Buffer.from(data, "latin1"));
    await sent;
  };
  const reply = async (code: number): Promise<void> => {
    for (let text = ""; !/^\d{3} .*\r\n/m.test(text);) {
      if (!heard.includes('+QIURC: "recv",0')) await until(/\+QIURC: "recv",0/);
      text += await command("AT+QIRD=0,1500", /\+QIRD: \d+\r\n([^]*?)\r\nOK\r\n/);
      if (/^\d{3} .*\r\n/m.test(text) && !text.includes(String(code)))
        throw new Error(`the server says ${text}`);
    }
  };

  await command("ATE0", /OK\r\n/);
  await command(`AT+QIOPEN=1,0,"TCP","${host}",${port},0,0`, /\+QIOPEN: 0,0\r\n/);
  await reply(220);
  for (const [line, code] of [
    ["EHLO gateway", 250],
    ["MAIL FROM:<pump7@example.com>", 250],
    [`RCPT TO:<${to[0]}>`, 250],
    ["DATA", 354],
    [`From: pump7@example.com\r\nTo: ${to[0]}\r\nSubject: ${subject}\r\n\r\n${text}\r\n.`, 250],
    ["QUIT", 221],
  ] as const) {
    await say(`${line}\r\n`);
    await reply(code);
  }
  await command("AT+QICLOSE=0", /OK\r\n/);
}
