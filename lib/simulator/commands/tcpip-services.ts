/**
 * Services over an active context that answer by unsolicited lines: QIDNSGIP, QPING, QNTP (fact base 6).
 *
 * Names are really resolved; ping and time are made up by the simulated network, for every host it reaches.
 */
import { OK, testOk, type CommandContext, type CommandTable, type FinalResult } from "../device/command";
import { resolveHost, type Resolution } from "../delivery/host-names";
import { internet } from "../delivery/internet";
import type { Device } from "../device/device";
import { fullClock, moduleZone, setModuleTime } from "../module/module-clock";
import { activeContext, HIGHEST_CONTEXT } from "../module/pdp-contexts";
import { integerIn, quotedText } from "../device/parameters";
import { failTcpip } from "../module/tcpip";
import type { TcpipError } from "../device/tcpip-errors";

const PING_MS = 60;
const PING_BYTES = 32;
const PING_TTL = 255;
const PING_EVERY_MS = 1000;
const NAME_TTL = 600;
const NTP_PORT = 123;

/** A command `<ctx>,"<host>",...` that is accepted first and does its work afterwards. */
function service(
  parse: (context: CommandContext) => ((host: Resolution) => Promise<void> | void) | undefined,
) {
  return (context: CommandContext): FinalResult => {
    const { modem, parameters } = context;
    const id = integerIn(parameters[0], 1, HIGHEST_CONTEXT);
    const host = quotedText(parameters[1]);
    const work = parse(context);
    if (id === undefined || host === undefined || work === undefined) return failTcpip(modem, 552);
    if (activeContext(modem, id) === undefined) return failTcpip(modem, 572);
    context.afterResult(() =>
      modem.background(async (signal) => {
        const found = await modem.busy(resolveHost(host, modem.state(internet)));
        signal.throwIfAborted();
        await work(found);
      }),
    );
    return OK;
  };
}

const failure = (found: Resolution): TcpipError => (found.kind === "unknown" ? 565 : 569);

function resolveName({ modem, parameters }: CommandContext): ((found: Resolution) => void) | undefined {
  if (parameters.length !== 2) return undefined;
  return (found) => {
    if (found.kind !== "found") {
      modem.raiseUrc('+QIURC: "dnsgip",565');
      return;
    }
    modem.raiseUrc(`+QIURC: "dnsgip",0,1,${NAME_TTL}`);
    modem.raiseUrc(`+QIURC: "dnsgip","${found.address}"`);
  };
}

function ping({ modem, parameters }: CommandContext): ((found: Resolution) => Promise<void>) | undefined {
  const seconds = parameters[2] === undefined ? 4 : integerIn(parameters[2], 1, 255);
  const count = parameters[3] === undefined ? 4 : integerIn(parameters[3], 1, 10);
  if (seconds === undefined || count === undefined || parameters.length > 4) return undefined;
  return (found) => sendPings(modem, found, seconds, count);
}

async function sendPings(modem: Device, found: Resolution, seconds: number, count: number): Promise<void> {
  if (found.kind === "unknown") {
    modem.raiseUrc("+QPING: 565");
    return;
  }
  for (let sent = 0; sent < count; sent++) {
    if (found.kind === "unreachable") {
      await modem.wait(seconds * 1000);
      modem.raiseUrc("+QPING: 569");
      continue;
    }
    await modem.wait(PING_MS);
    modem.raiseUrc(`+QPING: 0,"${found.address}",${PING_BYTES},${PING_MS},${PING_TTL}`);
    if (sent < count - 1) await modem.wait(PING_EVERY_MS - PING_MS);
  }
  const received = found.kind === "found" ? count : 0;
  const ms = found.kind === "found" ? PING_MS : 0;
  modem.raiseUrc(`+QPING: 0,${count},${received},${count - received},${ms},${ms},${ms}`);
}

function networkTime({ modem, parameters }: CommandContext): ((found: Resolution) => void) | undefined {
  const port = parameters[2] === undefined ? NTP_PORT : integerIn(parameters[2], 1, 65_535);
  const autoset = parameters[3] === undefined ? 1 : integerIn(parameters[3], 0, 1);
  if (port === undefined || autoset === undefined || parameters.length > 4) return undefined;
  return (found) => {
    if (found.kind !== "found") {
      modem.raiseUrc(`+QNTP: ${failure(found)}`);
      return;
    }
    const time = modem.clock.wall();
    const zone = moduleZone(modem);
    if (autoset === 1) setModuleTime(modem, time, zone);
    modem.raiseUrc(`+QNTP: 0,"${fullClock(time, zone, zone)}"`);
  };
}

export const tcpipServiceCommands: CommandTable = {
  "+QIDNSGIP": { test: testOk, write: service(resolveName) },
  "+QPING": { test: testOk, write: service(ping) },
  "+QNTP": { test: testOk, write: service(networkTime) },
};
