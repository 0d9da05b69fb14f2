/** What is ready, what is reported, and on which port: QINISTAT, QINDCFG, QAPRDYIND, QURCCFG. Fact base 7. */
import { readyMask } from "../module/boot";
import {
  ERROR,
  OK,
  answer,
  testOk,
  type CommandContext,
  type Feature,
  type FinalResult,
} from "../device/command";
import { integerIn, quotedText } from "../device/parameters";
import { simState, simStatus } from "../module/world";
import { stateKey, type Device } from "../device/device";
import { setUrcPort, urcPort, urcPortNames } from "../line/urc-port";
import { signalReports } from "./network";

/** Reports that can be switched but never occur here. */
const silentReports = ["smsfull", "ring", "smsincoming", "act", "ccinfo"];
const reportSwitches = stateKey("start", "QINDCFG", () => new Map([["all", 1]]));

/** AT+QINISTAT: 1 SIM ready, 2 messages, 4 phone book. */
function initialisation(modem: Device): number {
  const { smsReady, phoneBookReady } = modem.state(simState);
  return (simStatus(modem) === "READY" ? 1 : 0) + (smsReady ? 2 : 0) + (phoneBookReady ? 4 : 0);
}

function reportSwitch({ modem, parameters, info }: CommandContext): FinalResult {
  const type = quotedText(parameters[0])?.toLowerCase() ?? "";
  if (type !== "csq" && type !== "all" && !silentReports.includes(type)) return ERROR;
  const switches = modem.state(reportSwitches);
  if (parameters[1] === undefined) {
    info(
      `+QINDCFG: "${type}",${type === "csq" ? modem.state(signalReports).enabled : (switches.get(type) ?? 0)}`,
    );
    return OK;
  }
  const enabled = integerIn(parameters[1], 0, 1);
  if (enabled === undefined) return ERROR;
  if (type === "csq") modem.state(signalReports).enabled = enabled;
  else switches.set(type, enabled);
  return OK;
}

function reportPort({ modem, parameters, info }: CommandContext): FinalResult {
  if (quotedText(parameters[0])?.toLowerCase() !== "urcport") return ERROR;
  if (parameters[1] === undefined) {
    info(`+QURCCFG: "urcport","${urcPort(modem)}"`);
    return OK;
  }
  const wanted = quotedText(parameters[1])?.toLowerCase();
  const port = urcPortNames.find((name) => name === wanted);
  if (port === undefined) return ERROR;
  setUrcPort(modem, port);
  return OK;
}

export const readinessFeature: Feature = {
  name: "readiness",
  commands: {
    "+QINISTAT": {
      test: answer("+QINISTAT: (0-7)"),
      exec: ({ modem, info }) => {
        info(`+QINISTAT: ${initialisation(modem)}`);
        return OK;
      },
    },
    "+QINDCFG": {
      test: answer(...["all", "csq", ...silentReports].map((type) => `+QINDCFG: "${type}",(0,1)`)),
      write: reportSwitch,
    },
    "+QAPRDYIND": {
      test: answer("+QAPRDYIND: (0-15)"),
      read: ({ modem, info }) => {
        info(`+QAPRDYIND: ${modem.state(readyMask).mask}`);
        return OK;
      },
      write: ({ modem, parameters }) => {
        const mask = integerIn(parameters[0], 0, 15);
        if (mask === undefined) return ERROR;
        modem.state(readyMask).mask = mask;
        return OK;
      },
    },
    "+QURCCFG": {
      test: answer(`+QURCCFG: "urcport",(${urcPortNames.map((name) => `"${name}"`).join(",")})`),
      write: reportPort,
    },
    "+QCFG": { test: testOk },
  },
};
