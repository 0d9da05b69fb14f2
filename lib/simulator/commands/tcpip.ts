/** PDP contexts and the commands around them: QICSGP, QIACT, QIDEACT, QIGETERROR, QIDNSCFG, QICFG (fact base 6). */
import { answer, OK, testOk, type CommandContext, type Feature, type FinalResult } from "../device/command";
import {
  activate,
  activeContext,
  activeContexts,
  deactivate,
  definitionOf,
  definitions,
  HIGHEST_CONTEXT,
  loseContexts,
} from "../module/pdp-contexts";
import { integerIn, quotedText, type Parameter } from "../device/parameters";
import { lastTcpipError, failTcpip } from "../module/tcpip";
import { tcpipErrorTexts } from "../device/tcpip-errors";
import { tcpipConfigurationCommands } from "./tcpip-configuration";
import { tcpipServiceCommands } from "./tcpip-services";

/** `<ctx>,<type>,"<apn>"[,"<user>","<pwd>"[,<auth>]]`, or `<ctx>` to ask. */
function define(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const id = contextId(parameters);
  if (id === undefined) return failTcpip(modem, 552);
  if (parameters.length === 1) {
    const { type: defined, apn, user, password, auth } = definitionOf(modem, id);
    const type = definitions(modem).has(id) ? defined : modem.variants["undefined-context"];
    context.info(`+QICSGP: ${type},"${apn}","${user}","${password}",${auth}`);
    return OK;
  }
  const type = integerIn(parameters[1], 1, 3);
  const apn = quotedText(parameters[2]);
  const user = parameters.length > 3 ? quotedText(parameters[3]) : "";
  const password = parameters.length > 3 ? quotedText(parameters[4]) : "";
  const auth = parameters.length > 5 ? integerIn(parameters[5], 0, 3) : 0;
  if (type === undefined || apn === undefined || auth === undefined) return failTcpip(modem, 552);
  if (user === undefined || password === undefined || parameters.length > 6) return failTcpip(modem, 552);
  definitions(modem).set(id, { type, apn, user, password, auth });
  return OK;
}

function listActive({ modem, info }: CommandContext): FinalResult {
  for (const [id, { type, addresses }] of activeContexts(modem)) {
    info(`+QIACT: ${id},1,${type},${addresses.map((address) => `"${address}"`).join(",")}`);
  }
  return OK;
}

async function activateContext({ modem, parameters, wait }: CommandContext): Promise<FinalResult> {
  const id = contextId(parameters);
  if (id === undefined || parameters.length !== 1) return failTcpip(modem, 552);
  if (activeContext(modem, id) === undefined) await wait(modem.timing.networkMs);
  const error = activate(modem, id);
  return error === 0 ? OK : failTcpip(modem, error);
}

function deactivateContext({ modem, parameters }: CommandContext): FinalResult {
  const id = contextId(parameters);
  if (id === undefined || parameters.length !== 1) return failTcpip(modem, 552);
  deactivate(modem, id);
  return OK;
}

function showError({ modem, info }: CommandContext): FinalResult {
  const { code } = modem.state(lastTcpipError);
  info(`+QIGETERROR: ${code},${tcpipErrorTexts[code]}`);
  return OK;
}

function contextId(parameters: readonly Parameter[]): number | undefined {
  return integerIn(parameters[0], 1, HIGHEST_CONTEXT);
}

export const tcpipFeature: Feature = {
  name: "tcpip",
  commands: {
    "+QICSGP": {
      test: answer(`+QICSGP: (1-${HIGHEST_CONTEXT}),(1-3),<APN>,<username>,<password>,(0-3)`),
      write: define,
    },
    "+QIACT": { test: answer(`+QIACT: (1-${HIGHEST_CONTEXT})`), read: listActive, write: activateContext },
    "+QIDEACT": { test: answer(`+QIDEACT: (1-${HIGHEST_CONTEXT})`), write: deactivateContext },
    "+QIGETERROR": { test: testOk, exec: showError },
    ...tcpipConfigurationCommands,
    ...tcpipServiceCommands,
  },
  start: (modem) => {
    modem.whileRunning("contextLost", (id) => {
      for (const lost of loseContexts(modem, id)) modem.raiseUrc(`+QIURC: "pdpdeact",${lost}`);
    });
  },
};
