/**
 * Commands about registration, signal and operator: 3GPP TS 27.007 sections 7.2, 7.3, 8.5 and 10.1 (CGREG, CEREG,
 * CGATT), and Quectel's QNWINFO. Registration is asked, never subscribed to, so that answers and unsolicited lines cannot be
 * mixed up; where somebody else subscribed (n > 0), the shape of the line tells them apart.
 */
import { decodeText, firstNumber, parseParameters, type Command } from "../../at/command";
import { firstParameters, required, TIMEOUT_MS } from "./common";

/** LTE packet, GPRS and UMTS packet, circuit-switched: the likeliest first. */
export const REGISTRATION_DOMAINS = ["CEREG", "CGREG", "CREG"] as const;
export type RegistrationDomain = (typeof REGISTRATION_DOMAINS)[number];

/** `<stat>`: 0 not searching, 1 home, 2 searching, 3 denied, 4 unknown, 5 roaming, 8 emergency only. */
export interface Registration {
  readonly stat: number;
  /** `<AcT>` where the module tells it. */
  readonly accessTechnology?: number;
}

/** The answer has `<n>,<stat>[,"<area>",…]`, the unsolicited line `<stat>[,"<area>",…]`. */
export const registration = (domain: RegistrationDomain): Command<Registration> => ({
  line: `AT+${domain}?`,
  headers: [`+${domain}`],
  accepts: (line) => {
    const parameters = parseParameters(line);
    return parameters.integer(1) !== undefined && !parameters.isQuoted(1);
  },
  timeoutMs: TIMEOUT_MS.short,
  parse: (response) => {
    const parameters = firstParameters(response);
    const accessTechnology = parameters.integer(4);
    return {
      stat: required(parameters.integer(1), "the registration state"),
      ...(accessTechnology === undefined ? {} : { accessTechnology }),
    };
  },
});

/** `<rssi>` as the module gives it; `signalDbm` of `network.ts` reads it. */
export const signalQuality = (): Command<number> => ({
  line: "AT+CSQ",
  headers: ["+CSQ"],
  timeoutMs: TIMEOUT_MS.short,
  parse: firstNumber("the signal"),
});

/** Name of the operator in the format that is set; undefined while not registered. */
export const operator = (): Command<string | undefined> => ({
  line: "AT+COPS?",
  headers: ["+COPS"],
  timeoutMs: TIMEOUT_MS.operator,
  parse: (response) => {
    const name = firstParameters(response).text(2);
    return name === undefined ? undefined : (ucs2Text(name) ?? decodeText(name));
  },
});

/** Four hex digits a character (3GPP TS 27.007 section 5.5), as some firmware writes names whatever CSCS says. */
const UCS2 = /^(?:[\dA-F]{4}){2,64}$/i;

/** The text of UCS2 digits; undefined for anything else, such as a number of a network or digits of no printable text. */
function ucs2Text(digits: string): string | undefined {
  if (!UCS2.test(digits)) return undefined;
  const text = Buffer.from(digits, "hex").swap16().toString("utf16le");
  return /^[\p{L}\p{N}\p{P}\p{S}\p{Zs}]+$/u.test(text) ? text : undefined;
}

export interface NetworkInformation {
  /** `FDD LTE`, `WCDMA`, … */
  readonly technology: string;
  /** MCC and MNC. */
  readonly operator?: string;
  /** `LTE BAND 3` */
  readonly band?: string;
}

/** Undefined without network, which firmware says as `"NONE"`, `No Service` or nothing. */
export const networkInformation = (): Command<NetworkInformation | undefined> => ({
  line: "AT+QNWINFO",
  headers: ["+QNWINFO"],
  timeoutMs: TIMEOUT_MS.short,
  parse: (response) => {
    const line = response.lines[0];
    if (line === undefined) return undefined;
    const parameters = parseParameters(line);
    const technology = parameters.text(0);
    if (technology === undefined || /^(none|no service)$/i.test(technology)) return undefined;
    const operator = parameters.text(1);
    const band = parameters.text(2);
    return {
      technology,
      ...(operator === undefined ? {} : { operator }),
      ...(band === undefined ? {} : { band }),
    };
  },
});

/** True while attached to the packet domain. */
export const packetAttached = (): Command<boolean> => ({
  line: "AT+CGATT?",
  headers: ["+CGATT"],
  timeoutMs: TIMEOUT_MS.attach,
  parse: (response) => firstParameters(response).integer(0) === 1,
});
