/**
 * A script as public examples have it: one line after the other, a fixed second after each, whatever the module says.
 *
 * Such as the `sendData(command, 1000)` of Arduino sketches for Quectel and SIMCom modules: it reads for the whole
 * second, looks at nothing, sets everything anew for each mail, and does not wait for the result.
 */
import { type Clock, delay } from "../../../lib/clock";
import type { Transaction } from "../../../lib/mailer/mailer";
import type { Transport } from "../../../lib/serial/transport";

const WAIT = 1_000;

export interface ScriptSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Sends a plain mail to its first recipient. */
export async function sendWithFixedWaits(
  transport: Transport,
  clock: Clock,
  { host, port, user, password }: ScriptSettings,
  { mail: { to, subject, text } }: Transaction,
): Promise<void> {
  const body = Buffer.from(text, "latin1");
  const lines = [
    "AT",
    "AT+CPIN?",
    "AT+CREG?",
    "AT+QIACT=1",
    'AT+QSMTPCFG="contextid",1',
    'AT+QSMTPCFG="ssltype",0',
    `AT+QSMTPCFG="smtpserver","${host}",${port}`,
    `AT+QSMTPCFG="account","${user}","${password}"`,
    `AT+QSMTPCFG="sender","Pump 7","pump7@example.com"`,
    "AT+QSMTPCLR",
    `AT+QSMTPDST=1,1,"${to[0]}"`,
    `AT+QSMTPSUB=0,"${subject}"`,
    `AT+QSMTPBODY=0,${body.length},60`,
  ];
  const put = async (bytes: Buffer): Promise<void> => {
    await transport.write(bytes);
    await delay(clock, WAIT);
  };
  for (const line of lines) await put(Buffer.from(`${line}\r`));
  await put(body);
  await put(Buffer.from("AT+QSMTPPUT=300\r"));
}
