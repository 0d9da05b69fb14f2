/**
 * Commands of V.250 and 3GPP TS 27.007 that concern the module as such: dialogue, identity, restart, ports.
 *
 * Source: Quectel EC2x&EG9x&EM05 AT Commands Manual; the facts of each stand with it.
 */
import { decodeText, firstNumber, nothing, str, type Command } from "../../at/command";
import { firstLine, firstParameters, required, TIMEOUT_MS } from "./common";

/** A command that answers with its result code alone. */
function plain(line: string, timeoutMs: number = TIMEOUT_MS.short): Command<void> {
  return { line, headers: [], timeoutMs, parse: nothing };
}

/** A command that answers with one line of text without a header. */
function singleLine(line: string): Command<string> {
  return {
    line,
    headers: [],
    freeText: true,
    timeoutMs: TIMEOUT_MS.short,
    parse: (response) => decodeText(firstLine(response)).trim(),
  };
}

/** No echo, result codes, in words: V.250 sections 6.2.4 to 6.2.6. */
export const dialogueForm = (): Command<void> => plain("ATE0Q0V1");

/** 1: `+CME ERROR: <number>`, 2: `+CME ERROR: <text>`. Not kept over a restart. */
export const errorReports = (form: 1 | 2): Command<void> => plain(`AT+CMEE=${form}`);

/** RTS/CTS in both directions; acts on UARTs, without effect on USB. */
export const hardwareFlowControl = (): Command<void> => plain("AT+IFC=2,2");

/** `Quectel` */
export const manufacturer = (): Command<string> => singleLine("AT+CGMI");
/** `EC25` */
export const model = (): Command<string> => singleLine("AT+CGMM");
export const revision = (): Command<string> => singleLine("AT+CGMR");
/** Revision with sub-version; unknown to some firmware. */
export const fullRevision = (): Command<string> => singleLine("AT+QGMR");
/** 15 digits. */
export const serialNumber = (): Command<string> => singleLine("AT+CGSN");

/** Restarts the module: OK comes first, then the boot lines or a port that vanishes. */
export const restartModule = (): Command<void> => plain("AT+CFUN=1,1", TIMEOUT_MS.functionality);

/** `<fun>`: 1 full, 4 radio off, 0 radio and SIM card off. */
export const functionality = (): Command<number> => ({
  line: "AT+CFUN?",
  headers: ["+CFUN"],
  timeoutMs: TIMEOUT_MS.functionality,
  parse: firstNumber("the functionality"),
});

/** Full functionality without a restart. */
export const switchRadioOn = (): Command<void> => plain("AT+CFUN=1", TIMEOUT_MS.functionality);

/** Ports that the module may name for its unsolicited lines. */
export type UrcPort = "usbat" | "usbmodem" | "uart1";

/** The port that unsolicited lines, the result of a mail among them, go to. */
export const urcPort = (): Command<string> => ({
  line: 'AT+QURCCFG="urcport"',
  headers: ["+QURCCFG"],
  timeoutMs: TIMEOUT_MS.short,
  parse: (response) => required(firstParameters(response).text(1), "the port").toLowerCase(),
});

/** The module stores it at once, so it is to be written only when it differs. */
export const setUrcPort = (port: UrcPort): Command<void> => plain(`AT+QURCCFG="urcport",${str(port)}`);
