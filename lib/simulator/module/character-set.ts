/** The character set of AT+CSCS: how names are spelled in answers (3GPP TS 27.007 5.5). Of no meaning for mails. */
import type { SimulatedModem } from "../modem";
import { stateKey } from "../state";

export const characterSets = ["GSM", "IRA", "UCS2"] as const;
export type CharacterSet = (typeof characterSets)[number];

export const characterSet = stateKey<{ name: CharacterSet }>("start", "character set", () => ({
  name: "GSM",
}));

/** A name as the chosen set spells it: UCS2 as four hex digits a character. */
export function spelled(modem: SimulatedModem, text: string): string {
  const isHex = modem.variants["operator-coding"] === "ucs2" || modem.state(characterSet).name === "UCS2";
  if (!isHex) return text;
  return Buffer.from(text, "utf16le").swap16().toString("hex").toUpperCase();
}
