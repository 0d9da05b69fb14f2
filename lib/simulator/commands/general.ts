/** V.250 commands and those that set up the line: fact base 1 and 7. */
import { ERROR, NO_CARRIER, OK, answer, testOk, type CommandHandler, type Feature } from "../device/command";
import { configuredRate, lineRates, setLineRate, storeLineRate } from "../line/line-rate";
import { factorySettings, registerTable, startSettings, storeSettings } from "../line/line-settings";
import { integerIn, quotedText } from "../device/parameters";
import type { LineSettings } from "../device/port";
import { stateKey, type Device } from "../device/device";
import { resetReporting, storeReporting } from "../module/registration";

/** The character sets of AT+CSCS: how names are spelled in answers (3GPP TS 27.007 5.5). Of no meaning for mails. */
const characterSets = ["GSM", "IRA", "UCS2"] as const;
type CharacterSet = (typeof characterSets)[number];

const characterSet = stateKey<{ name: CharacterSet }>("start", "character set", () => ({
  name: "GSM",
}));

/** A name as the chosen set spells it: UCS2 as four hex digits a character. */
export function spelled(modem: Device, text: string): string {
  const isHex = modem.variants["operator-coding"] === "ucs2" || modem.state(characterSet).name === "UCS2";
  if (!isHex) return text;
  return Buffer.from(text, "utf16le").swap16().toString("hex").toUpperCase();
}

/** A basic command that sets one number of the line settings. */
function sets(max: number, apply: (settings: LineSettings, value: number) => void): CommandHandler {
  return ({ parameters, port }) => {
    const value = integerIn(parameters[0], 0, max);
    if (value === undefined) return ERROR;
    apply(port.settings, value);
    return OK;
  };
}

const bit = (value: number): 0 | 1 => (value === 0 ? 0 : 1);
const upToTwo = (value: number): 0 | 1 | 2 => (value === 2 ? 2 : bit(value));

/** ATSn, ATSn?, ATSn=value. */
const register: { [form in "read" | "test" | "write" | "exec"]: CommandHandler } = {
  exec: ({ parameters }) => (registerTable.has(integerIn(parameters[0], 0, 255) ?? -1) ? OK : ERROR),
  read: ({ parameters, port, info }) => {
    const value = port.settings.registers.get(integerIn(parameters[0], 0, 255) ?? -1);
    if (value === undefined) return ERROR;
    info(String(value).padStart(3, "0"));
    return OK;
  },
  test: ({ parameters, info }) => {
    const row = registerTable.get(integerIn(parameters[0], 0, 255) ?? -1);
    if (row === undefined) return ERROR;
    info(`(${row[1]}-${row[2]})`);
    return OK;
  },
  write: ({ parameters, port }) => {
    const number = integerIn(parameters[0], 0, 255) ?? -1;
    const [, min, max] = registerTable.get(number) ?? [0, 1, 0];
    const value = integerIn(parameters[1], min, max);
    if (value === undefined) return ERROR;
    port.settings.registers.set(number, value);
    return OK;
  },
};

/** Takes over all settings but CMEE, which no profile holds. */
function reload(settings: LineSettings, profile: LineSettings): void {
  Object.assign(settings, profile, { errorReports: settings.errorReports });
}

/** Flow control of AT+IFC, by the direction of the data. */
const flowControl = stateKey<{ fromModule: number; fromHost: number }>("start", "flow control", (modem) => ({
  ...modem.state(storedFlowControl),
}));
const storedFlowControl = stateKey("flash", "stored flow control", () => ({ fromModule: 0, fromHost: 0 }));

/** What a modem without voice line or fax accepts and ignores. */
const ignored = sets(255, () => undefined);

export const generalFeature: Feature = {
  name: "general",
  commands: {
    E: { exec: sets(1, (settings, value) => (settings.echo = bit(value))) },
    Q: { exec: sets(1, (settings, value) => (settings.quiet = bit(value))) },
    V: { exec: sets(1, (settings, value) => (settings.verbose = bit(value))) },
    X: { exec: sets(4, (settings, value) => (settings.extended = value)) },
    "&C": { exec: sets(1, (settings, value) => (settings.carrierDetect = bit(value))) },
    "&D": { exec: sets(2, (settings, value) => (settings.dataTerminalReady = upToTwo(value))) },
    S: register,
    L: { exec: ignored },
    M: { exec: ignored },
    H: { exec: ignored },
    T: { exec: ignored },
    P: { exec: ignored },
    O: { exec: () => NO_CARRIER },
    A: { exec: () => NO_CARRIER },
    D: { exec: () => NO_CARRIER },
    Z: {
      exec: ({ modem, port }) => {
        reload(port.settings, startSettings(modem));
        return OK;
      },
    },
    "&F": {
      exec: ({ modem, port }) => {
        reload(port.settings, factorySettings());
        resetReporting(modem);
        return OK;
      },
    },
    "&W": {
      exec: ({ modem, port }) => {
        storeSettings(modem, port.settings);
        storeReporting(modem);
        storeLineRate(modem);
        Object.assign(modem.state(storedFlowControl), modem.state(flowControl));
        return OK;
      },
    },
    "&V": {
      exec: ({ port, info }) => {
        const { settings } = port;
        info(`&C: ${settings.carrierDetect}`);
        info(`&D: ${settings.dataTerminalReady}`);
        info(`E: ${settings.echo}`);
        info(`Q: ${settings.quiet}`);
        info(`V: ${settings.verbose}`);
        info(`X: ${settings.extended}`);
        for (const [number, value] of settings.registers) info(`S${number}: ${value}`);
        return OK;
      },
    },
    "+CMEE": {
      test: answer("+CMEE: (0,1,2)"),
      read: ({ port, info }) => {
        info(`+CMEE: ${port.settings.errorReports}`);
        return OK;
      },
      write: sets(2, (settings, value) => (settings.errorReports = upToTwo(value))),
    },
    "+CSCS": {
      test: answer(`+CSCS: (${characterSets.map((name) => `"${name}"`).join(",")})`),
      read: ({ modem, info }) => {
        info(`+CSCS: "${modem.state(characterSet).name}"`);
        return OK;
      },
      write: ({ modem, parameters: [wanted] }) => {
        const name = characterSets.find((known) => known === quotedText(wanted));
        if (name === undefined) return ERROR;
        modem.state(characterSet).name = name;
        return OK;
      },
    },
    "+IPR": {
      test: answer(`+IPR: (),(${lineRates.join(",")})`),
      read: ({ modem, info }) => {
        info(`+IPR: ${configuredRate(modem)}`);
        return OK;
      },
      write: ({ modem, parameters }) => {
        const rate = integerIn(parameters[0], 0, Number.MAX_SAFE_INTEGER);
        if (rate === undefined || !lineRates.includes(rate)) return ERROR;
        setLineRate(modem, rate);
        return OK;
      },
    },
    "+IFC": {
      test: answer("+IFC: (0,2),(0,2)"),
      read: ({ modem, info }) => {
        const { fromModule, fromHost } = modem.state(flowControl);
        info(`+IFC: ${fromModule},${fromHost}`);
        return OK;
      },
      write: ({ modem, parameters }) => {
        const fromModule = integerIn(parameters[0], 0, 2);
        const fromHost = integerIn(parameters[1], 0, 2);
        if (fromModule === undefined || fromHost === undefined) return ERROR;
        if (fromModule === 1 || fromHost === 1) return ERROR;
        Object.assign(modem.state(flowControl), { fromModule, fromHost });
        return OK;
      },
    },
    // Only the basic option of 27.010; no channel of the multiplexer leads to commands.
    "+CMUX": {
      test: answer("+CMUX: (0),(0),(1-8),(1-32768),(1-255),(0-100),(2-255),(1-255),(1-7)"),
      write: ({ modem, port, parameters, afterResult }) => {
        if (integerIn(parameters[0], 0, 0) === undefined) return ERROR;
        afterResult(() => modem.multiplex(port.name));
        return OK;
      },
    },
    "+ICF": { test: answer("+ICF: (3),(3)"), read: answer("+ICF: 3,3"), write: testOk },
    "+GCAP": { exec: answer("+GCAP: +CGSM"), test: testOk },
    "+FCLASS": { test: answer("+FCLASS: 0"), read: answer("+FCLASS: 0"), write: testOk },
    "+CLAC": {
      test: testOk,
      exec: ({ modem, info }) => {
        for (const name of modem.commandNames) info(`AT${name}`);
        return OK;
      },
    },
  },
};
