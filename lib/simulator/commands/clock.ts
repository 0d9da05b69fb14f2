/** The clock of the module and the time of the network: fact base 6. */
import { ERROR, OK, answer, testOk, type Feature } from "../device/command";
import {
  moduleTime,
  moduleZone,
  setModuleTime,
  parseClock,
  shortClock,
  longClock,
} from "../module/module-clock";
import { integerIn, quotedText } from "../device/parameters";
import { isRegistered, takeNetworkTime, timeUpdate, updateLevels } from "../module/registration";
import { cell } from "../module/world";

export const clockFeature: Feature = {
  name: "clock",
  commands: {
    "+CCLK": {
      test: testOk,
      read: ({ modem, info }) => {
        info(`+CCLK: "${shortClock(moduleTime(modem), moduleZone(modem))}"`);
        return OK;
      },
      write: ({ modem, parameters }) => {
        const set = parseClock(quotedText(parameters[0]) ?? "");
        if (set === undefined) return ERROR;
        setModuleTime(modem, set.utc, set.zone);
        return OK;
      },
    },
    "+CTZU": {
      test: answer("+CTZU: (0,1,3)"),
      read: ({ modem, info }) => {
        info(`+CTZU: ${modem.state(timeUpdate).level}`);
        return OK;
      },
      write: ({ modem, parameters }) => {
        const level = updateLevels.find((known) => known === integerIn(parameters[0], 0, 3));
        if (level === undefined || parameters.length !== 1) return ERROR;
        modem.state(timeUpdate).level = level;
        if (isRegistered(modem)) takeNetworkTime(modem);
        return OK;
      },
    },
    "+QLTS": {
      test: answer("+QLTS: (0-2)"),
      exec: ({ modem, info }) => {
        info(`+QLTS: "${networkTime(modem, 0)}"`);
        return OK;
      },
      write: ({ modem, parameters, info }) => {
        const mode = integerIn(parameters[0], 0, 2);
        if (mode === undefined) return ERROR;
        info(`+QLTS: "${networkTime(modem, mode)}"`);
        return OK;
      },
    },
  },
};

/** @param mode 0 and 2 local time, 1 GMT. Empty when the network never sent its time. */
function networkTime(modem: Parameters<typeof moduleTime>[0], mode: number): string {
  const { sendsTime, timeZone } = modem.state(cell);
  if (!sendsTime || !isRegistered(modem)) return "";
  const now = modem.clock.wall();
  // GMT is printed with the zone of the network beside it, as the manual's sample does.
  return mode === 1 ? longClock(now, 0, timeZone) : longClock(now, timeZone, timeZone);
}
