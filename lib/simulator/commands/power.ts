/** Functionality, restart and power-down: fact base 7. */
import {
  functionality,
  setFunctionality,
  startRegistration,
  type Functionality,
} from "../module/registration";
import {
  ERROR,
  OK,
  answer,
  testOk,
  type CommandContext,
  type Feature,
  type FinalResult,
} from "../device/command";
import { integerIn } from "../device/parameters";
import { reportSim } from "../module/boot";
import { simState } from "../module/world";

const levels: ReadonlyMap<number, Functionality> = new Map([
  [0, 0],
  [1, 1],
  [4, 4],
]);

async function setLevel(context: CommandContext): Promise<FinalResult> {
  const { modem, parameters, wait, afterResult } = context;
  const level = levels.get(integerIn(parameters[0], 0, 4) ?? -1);
  const reset = parameters[1] === undefined ? 0 : integerIn(parameters[1], 0, 1);
  if (level === undefined || reset === undefined) return ERROR;
  if (reset === 1) {
    // Only full functionality can be combined with a restart.
    if (level !== 1) return ERROR;
    afterResult(() => {
      modem.background(async () => {
        await modem.linesDrained();
        modem.restart();
      });
    });
    return OK;
  }
  const before = functionality(modem);
  if (before === level) return OK;
  await wait(modem.timing.networkMs);
  setFunctionality(modem, level);
  startRegistration(modem);
  afterResult(() => reportChange(context, before, level));
  return OK;
}

function reportChange({ modem }: CommandContext, before: Functionality, level: Functionality): void {
  if (level === 0) {
    modem.state(simState).unlocked = false;
    modem.raiseUrc("+CPIN: NOT READY");
  } else if (before === 0) {
    modem.background(() => reportSim(modem));
  }
}

function powerDown({ modem, parameters, afterResult }: CommandContext): FinalResult {
  if (parameters[0] !== undefined && integerIn(parameters[0], 0, 1) === undefined) return ERROR;
  afterResult(() => {
    modem.background(async () => {
      await modem.wait(modem.timing.networkMs);
      modem.raiseUrc("POWERED DOWN");
      await modem.linesDrained();
      modem.powerOff();
    });
  });
  return OK;
}

export const powerFeature: Feature = {
  name: "power",
  commands: {
    "+CFUN": {
      test: answer("+CFUN: (0,1,4),(0,1)"),
      read: ({ modem, info }) => {
        info(`+CFUN: ${functionality(modem)}`);
        return OK;
      },
      write: setLevel,
    },
    "+QPOWD": { test: answer("+QPOWD: (0,1)"), exec: powerDown, write: powerDown },
    "+QSCLK": { test: answer("+QSCLK: (0,1)"), read: answer("+QSCLK: 0"), write: testOk },
  },
};
