/** Settings of the TCP/IP stack that a mail client meets: QIDNSCFG and the keys of QICFG (fact base 6). */
import { OK, testOk, type CommandContext, type CommandTable, type FinalResult } from "../handler";
import { activeContext, HIGHEST_CONTEXT } from "../module/pdp-contexts";
import { integerIn, quotedText } from "../line/parameters";
import { stateKey } from "../state";
import { failTcpip } from "../module/tcpip-state";

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

/** Keys of QICFG with the range and default of each value. Nothing in the simulated stack depends on them. */
const configurationKeys: Readonly<Record<string, readonly (readonly [number, number, number])[]>> = {
  transpktsize: [[1, 1460, 1024]],
  transwaittm: [[0, 20, 2]],
  dataformat: [
    [0, 1, 0],
    [0, 1, 0],
  ],
  viewmode: [[0, 1, 0]],
  "tcp/retranscfg": [
    [3, 20, 8],
    [5, 1000, 600],
  ],
  "dns/cache": [[0, 1, 1]],
  "qisend/timeout": [[0, 3600, 0]],
  passiveclosed: [[0, 1, 0]],
  "udp/readmode": [[0, 1, 0]],
  "udp/sendmode": [[0, 1, 0]],
  "tcp/accept": [[0, 1, 1]],
  recvind: [[0, 1, 0]],
  "tcp/keepalive": [
    [0, 1, 0],
    [1, 120, 120],
    [25, 100, 75],
    [3, 10, 9],
  ],
  "recv/buffersize": [[10_240, 524_288, 102_400]],
  "window/scale": [[0, 1, 0]],
};

const configuration = stateKey("start", "QICFG", () => new Map<string, readonly number[]>());

function configure(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const key = quotedText(parameters[0])?.toLowerCase() ?? "";
  const ranges = configurationKeys[key];
  if (ranges === undefined) return failTcpip(modem, 552);
  const all = modem.state(configuration);
  if (parameters.length === 1) {
    const values = all.get(key) ?? ranges.map(([, , usual]) => usual);
    context.info(`+QICFG: "${key}",${values.join(",")}`);
    return OK;
  }
  const values = ranges.map(([min, max], index) => integerIn(parameters[index + 1], min, max));
  const known = values.filter((value) => value !== undefined);
  if (known.length < ranges.length || parameters.length !== ranges.length + 1) return failTcpip(modem, 552);
  all.set(key, known);
  return OK;
}

function listConfiguration({ info }: CommandContext): FinalResult {
  for (const [key, ranges] of Object.entries(configurationKeys)) {
    info(`+QICFG: "${key}",${ranges.map(([min, max]) => `(${min}-${max})`).join(",")}`);
  }
  return OK;
}

export const tcpipConfigurationCommands: CommandTable = {
  "+QIDNSCFG": { test: testOk, write: nameServer },
  "+QICFG": { test: listConfiguration, write: configure },
};
