/** Settings of the config nodes of an episode that are always the same; what is drawn is in `episode.ts`. */
import { CANARIES } from "./canaries";

/** Minutes. */
export const MAX_AGE = 1440;

/** Config nodes on the ports of one module, each with its address. */
export const BOTH_PORTS = [
  { port: "usbat", sender: "pump7@example.com" },
  { port: "usbmodem", sender: "boiler@example.com" },
] as const;

export const ACCESS = {
  apn: "iot.example",
  apnAuth: "pap",
  apnUser: CANARIES.apnUser,
  apnPassword: CANARIES.apnPassword,
  simPin: CANARIES.simPin,
} as const;

export const QUEUE = {
  maxAge: MAX_AGE,
  maxSpoolMB: 100,
  keepFailedDays: 7,
  ratePerHour: 0,
  fingerprint: {
    port: "p",
    sim: "",
    apn: CANARIES.apnPassword,
    server: "s",
    login: CANARIES.smtpPassword,
    sender: "f",
  },
};
