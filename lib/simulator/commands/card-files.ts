/**
 * Direct access to the SIM card: AT+CRSM and AT+CSIM of 3GPP TS 27.007 8.17 and 8.18.
 *
 * Only what programs look at when they start: a few transparent files of TS 31.102 4.2, and the tries left of
 * PIN and PUK, which the card tells when it is asked to verify nothing.
 */
import { OK, cme, testOk, type CommandContext, type Feature, type FinalResult } from "../device/command";
import type { Device } from "../device/device";
import { integerIn, quotedText } from "../device/parameters";
import { cell, simCard } from "../module/world";
import { simObstacle } from "./sim";

/** Content of a file in hex by its identifier; undefined: the card has no such file. */
function fileContent(modem: Device, id: number): string | undefined {
  const { iccid, imsi } = modem.state(simCard);
  switch (id) {
    case 0x2fe2:
      return swapped(iccid.padEnd(20, "F"));
    case 0x6f07:
      return `08${swapped(`9${imsi}`)}`;
    case 0x6f46:
      return serviceProvider(modem.state(cell).operator);
    case 0x6fad:
      // The last byte is the number of digits of the mobile network code.
      return `000000${String(modem.state(cell).plmn.length - 3).padStart(2, "0")}`;
    case 0x6fb7:
      return swapped("112FFF");
    case 0x6f3e:
    case 0x6f3f:
      return "FF";
    default:
      return undefined;
  }
}

/** EF-SPN: display condition, then the name filled up to sixteen bytes. */
function serviceProvider(name: string): string {
  return `00${Buffer.from(name, "latin1").subarray(0, 16).toString("hex").toUpperCase().padEnd(32, "F")}`;
}

/** Digits as a card stores them: two in a byte, the lower half first. */
function swapped(digits: string): string {
  return digits.replaceAll(/(.)(.)/g, "$2$1");
}

function restrictedAccess({ modem, parameters, info }: CommandContext): FinalResult {
  const obstacle = simObstacle(modem);
  if (obstacle !== undefined) return obstacle;
  const command = integerIn(parameters[0], 0, 255);
  const content = fileContent(modem, integerIn(parameters[1], 0, 0xffff) ?? 0);
  if (command === undefined) return cme(3);
  // 106,130: file not found. 176 is READ BINARY; other commands give their status only.
  if (content === undefined) info("+CRSM: 106,130");
  else info(command === 176 ? `+CRSM: 144,0,"${content}"` : "+CRSM: 144,0");
  return OK;
}

/** Status word with the tries left, or 6D00 for a command the card does not know. */
function statusWord(modem: Device, command: string): string {
  const { pinTriesLeft, pukTriesLeft } = modem.state(simCard);
  const triesLeft = new Map([
    ["0020000100", pinTriesLeft],
    ["002C000100", pukTriesLeft],
    ["0020008100", 3],
    ["002C008100", 10],
  ]).get(command.toUpperCase());
  return triesLeft === undefined ? "6D00" : `63C${triesLeft.toString(16).toUpperCase()}`;
}

export const cardFilesFeature: Feature = {
  name: "card files",
  commands: {
    "+CRSM": { test: testOk, write: restrictedAccess },
    "+CSIM": {
      test: testOk,
      write: ({ modem, parameters, info }) => {
        if (!modem.state(simCard).inserted) return cme(10);
        const command = quotedText(parameters[1]) ?? "";
        if (integerIn(parameters[0], 8, 520) !== command.length) return cme(3);
        const status = statusWord(modem, command);
        info(`+CSIM: ${status.length},"${status}"`);
        return OK;
      },
    },
  },
};
