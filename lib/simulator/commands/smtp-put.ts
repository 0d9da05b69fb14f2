/** AT+QSMTPPUT: OK at once, the result by an unsolicited line (fact base 2.7). */
import { ERROR, OK, type CommandContext, type CommandTable, type FinalResult } from "../device/command";
import { integerIn } from "../device/parameters";
import { smtpClient, smtpSettings } from "../delivery/smtp-state";
import type { DeliveryResult } from "../delivery/smtp-codes";
import { sendMail } from "../delivery/smtp-task";
import { whenIdle, wrongParameter } from "./smtp-guard";

const SHORTEST_SECONDS = 60;
const LONGEST_SECONDS = 65_535;
const DEFAULT_SECONDS = 300;

function describe({ info }: CommandContext): FinalResult {
  info(`+QSMTPPUT: (${SHORTEST_SECONDS}-${LONGEST_SECONDS})`);
  return OK;
}

function put(context: CommandContext): FinalResult | Promise<FinalResult> {
  const seconds = integerIn(context.parameters[0], SHORTEST_SECONDS, LONGEST_SECONDS);
  if (seconds === undefined || context.parameters.length !== 1) return wrongParameter;
  return start(context, seconds);
}

function putWithDefault(context: CommandContext): FinalResult | Promise<FinalResult> {
  return context.modem.variants["put-timeout"] === "optional" ? start(context, DEFAULT_SECONDS) : ERROR;
}

async function start(context: CommandContext, seconds: number): Promise<FinalResult> {
  const { modem, port } = context;
  const client = smtpClient(modem);
  client.activity = "sending";
  const send = (): Promise<DeliveryResult> => {
    const settings = { ...smtpSettings(modem) };
    const content = { ...client.content, attachments: new Map(client.content.attachments) };
    return sendMail(modem, settings, content, seconds * 1000, modem.signal);
  };
  if (modem.variants["put-result"] === "before-ok") {
    const { err, protocolError } = await send();
    client.activity = "idle";
    context.info(`+QSMTPPUT: ${err},${protocolError}`);
    return OK;
  }
  context.afterResult(() =>
    modem.background(async (signal) => {
      const { err, protocolError } = await send();
      signal.throwIfAborted();
      client.activity = "idle";
      modem.log.add({ kind: "event", text: `mail ended with ${err},${protocolError}` });
      const line = `+QSMTPPUT: ${err},${protocolError}`;
      if (modem.variants["put-urc-port"] === "issuing") modem.raiseUrc(line, port.name);
      else modem.raiseUrc(line);
    }),
  );
  return OK;
}

export const smtpPutCommands: CommandTable = {
  "+QSMTPPUT": { test: describe, exec: whenIdle(putWithDefault), write: whenIdle(put) },
};
