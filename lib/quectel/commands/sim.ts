/** SIM commands: 3GPP TS 27.007 section 8.3 (CPIN) and Quectel's own QPINC and QCCID. */
import { nothing, parseParameters, str, type Command } from "../../at/command";
import { firstParameters, required, TIMEOUT_MS } from "./common";

/** `READY`, `SIM PIN`, `SIM PUK` and others; a missing card is `+CME ERROR: 10`. */
export const simState = (): Command<string> => ({
  line: "AT+CPIN?",
  headers: ["+CPIN"],
  timeoutMs: TIMEOUT_MS.sim,
  parse: (response) => required(firstParameters(response).text(0), "the state of the SIM card").toUpperCase(),
});

/** `+CPIN: READY` follows as an unsolicited line. */
export const enterPin = (pin: string): Command<void> => ({
  line: `AT+CPIN=${str(pin)}`,
  headers: [],
  timeoutMs: TIMEOUT_MS.sim,
  secrets: [pin],
  parse: nothing,
});

/** Tries left for the PIN, and for the PUK behind it. */
export interface TriesLeft {
  readonly pin: number;
  readonly puk: number;
}

/** Some firmware lacks it. */
export const pinTriesLeft = (): Command<TriesLeft> => ({
  line: "AT+QPINC?",
  headers: ["+QPINC"],
  timeoutMs: TIMEOUT_MS.short,
  parse: (response) => {
    const line = response.lines.find((line) => parseParameters(line).text(0)?.toUpperCase() === "SC");
    const parameters = parseParameters(required(line, "the counter of the SIM PIN"));
    return {
      pin: required(parameters.integer(1), "the counter of the PIN"),
      puk: required(parameters.integer(2), "the counter of the PUK"),
    };
  },
});

/** Number of the card, without the filler F of an odd number of digits. */
export const iccid = (): Command<string> => ({
  line: "AT+QCCID",
  headers: ["+QCCID"],
  timeoutMs: TIMEOUT_MS.short,
  parse: (response) => required(firstParameters(response).text(0), "the ICCID").replace(/F$/i, ""),
});
