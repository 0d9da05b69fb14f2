/** Settings of the TCP/IP stack that a mail client meets: QIDNSCFG and the keys of QICFG (fact base 6). */
import { OK, testOk, type CommandContext, type CommandTable, type FinalResult } from "../device/command";
import { activeContext, HIGHEST_CONTEXT } from "../module/pdp-contexts";
import { integerIn, printedRange, quotedText } from "../device/parameters";
import { configurationKeys, configured, hasKey, setConfigured, failTcpip } from "../module/tcpip";
import { stateKey } from "../device/device";

const nameServers = stateKey("start", "name servers", () => new Map<number, readonly [string, string]>());
/** Those that the network gives with every context. */
const given: readonly [string, string] = ["192.0.2.53", "192.0.2.54"];

function nameServer(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const id = integerIn(parameters[0], 1, HIGHEST_CONTEXT);
  if (id === undefined || parameters.length > 3) return failTcpip(modem, 552);
  if (activeContext(modem, id) === undefined) return failTcpip(modem, 572);
  const all = modem.state(nameServers);
  const [first, second] = all.get(id) ?? given;
  if (parameters.length === 1) {
    context.info(`+QIDNSCFG: ${id},"${first}","${second}"`);
    return OK;
  }
  const primary = quotedText(parameters[1]);
  const secondary = parameters[2] === undefined ? second : quotedText(parameters[2]);
  if (primary === undefined || secondary === undefined) return failTcpip(modem, 552);
  all.set(id, [primary, secondary]);
  return OK;
}

function configure(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const key = quotedText(parameters[0])?.toLowerCase() ?? "";
  const ranges = configurationKeys[key];
  if (ranges === undefined || !hasKey(modem, key)) return failTcpip(modem, 552);
  if (parameters.length === 1) {
    context.info(`+QICFG: "${key}",${configured(modem, key).join(",")}`);
    return OK;
  }
  const values = ranges.map(([min, max], index) => integerIn(parameters[index + 1], min, max));
  const known = values.filter((value) => value !== undefined);
  if (known.length < ranges.length || parameters.length !== ranges.length + 1) return failTcpip(modem, 552);
  setConfigured(modem, key, known);
  return OK;
}

function listConfiguration({ modem, info }: CommandContext): FinalResult {
  for (const [key, ranges] of Object.entries(configurationKeys)) {
    if (!hasKey(modem, key)) continue;
    info(`+QICFG: "${key}",${ranges.map(([min, max]) => printedRange(min, max)).join(",")}`);
  }
  return OK;
}

export const tcpipConfigurationCommands: CommandTable = {
  "+QIDNSCFG": { test: testOk, write: nameServer },
  "+QICFG": { test: listConfiguration, write: configure },
};
