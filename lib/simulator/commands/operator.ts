/** AT+COPS: which operator, chosen how. Fact base 7; 3GPP TS 27.007 7.3. */
import { spelled } from "./general";
import { ERROR, OK, cme, type CommandContext, type Feature, type FinalResult } from "../device/command";
import { anyText, integerIn } from "../device/parameters";
import { isRegistered, setDeregistered } from "../module/registration";
import { stateKey, type Device } from "../device/device";
import { cell } from "../module/world";
import { simObstacle } from "./sim";

interface Selection {
  /** 0 automatic, 1 manual, 2 deregistered. */
  mode: 0 | 1 | 2;
  /** 0 long name, 1 short name, 2 number. */
  format: 0 | 1 | 2;
}

const selection = stateKey<Selection>("start", "operator selection", () => ({ mode: 0, format: 0 }));

/** Longest short name, characters (27.007 7.3). */
const shortName = 8;

function nameOf(modem: Device, format: number): string {
  const { operator, plmn } = modem.state(cell);
  switch (format) {
    case 0:
      return spelled(modem, operator);
    case 1:
      return spelled(modem, operator.slice(0, shortName));
    default:
      return plmn;
  }
}

function select(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const mode = integerIn(parameters[0], 0, 4);
  const format = parameters[1] === undefined ? undefined : integerIn(parameters[1], 0, 2);
  const chosen = modem.state(selection);
  if (mode === undefined) return ERROR;
  if (format === 0 || format === 1 || format === 2) chosen.format = format;
  switch (mode) {
    case 3:
      return format === undefined ? ERROR : OK;
    case 2:
      chosen.mode = 2;
      setDeregistered(modem, true);
      return OK;
    case 0:
      chosen.mode = 0;
      setDeregistered(modem, false);
      return OK;
    default:
      return manual(context, chosen);
  }
}

function manual({ modem, parameters }: CommandContext, chosen: Selection): FinalResult {
  const wanted = anyText(parameters[2]);
  if (wanted === undefined) return ERROR;
  if (wanted !== nameOf(modem, chosen.format)) return cme(30);
  chosen.mode = 1;
  setDeregistered(modem, false);
  return OK;
}

export const operatorFeature: Feature = {
  name: "operator",
  commands: {
    "+COPS": {
      test: async ({ modem, info, wait }) => {
        const obstacle = simObstacle(modem);
        if (obstacle !== undefined) return obstacle;
        await wait(modem.timing.networkMs);
        const here = modem.state(cell);
        const names = [0, 1, 2].map((format) => `"${nameOf(modem, format)}"`).join(",");
        const found =
          here.rssi === 99 ? "" : `(${isRegistered(modem) ? 2 : 1},${names},${here.accessTechnology}),`;
        info(`+COPS: ${found},(0-4),(0-2)`);
        return OK;
      },
      read: ({ modem, info }) => {
        const { mode, format } = modem.state(selection);
        const here = modem.state(cell);
        info(
          isRegistered(modem)
            ? `+COPS: ${mode},${format},"${nameOf(modem, format)}",${here.accessTechnology}`
            : `+COPS: ${mode}`,
        );
        return OK;
      },
      write: select,
    },
  },
};
