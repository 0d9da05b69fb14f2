/** The number of a simulated module: each has one of its own, as real ones do. */
import { randomInt } from "node:crypto";

/** The type allocation code 00-101 belongs to test equipment (3GPP TS 23.003 section 6.2.1). */
const TYPE = "00101500";
const SERIALS = 1_000_000;

/** Others in other processes, as two programs may each simulate a module beside the other. */
let serial = randomInt(SERIALS);

/** Fifteen digits that no module of this process has had, with their check digit. */
export function nextImei(): string {
  serial = (serial + 1) % SERIALS;
  const digits = TYPE + String(serial).padStart(6, "0");
  return digits + checkDigit(digits);
}

/** Luhn's formula (3GPP TS 23.003 annex B): every second digit from the right counts twice. */
function checkDigit(digits: string): string {
  const sum = Array.from(digits)
    .reverse()
    .reduce((total, digit, index) => {
      const value = Number(digit) * (index % 2 === 0 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return String((10 - (sum % 10)) % 10);
}
