/**
 * Radio: another program may have switched it off (AT+CFUN=4, or 0 with the SIM card), as ModemManager does when it
 * lets go of a modem. Then no network is ever found, and no antenna helps.
 *
 * It is switched on once for each start of the module: who switches it off again means it.
 */
import { ModemError, SPECIAL_HINTS } from "../../errors";
import { functionality, switchRadioOn } from "../commands/general";
import { ifRefused, type Execute } from "../execute";

/** `<fun>` of CFUN, 3GPP TS 27.007 section 8.2. */
const FULL = 1;

export class Radio {
  private wasSwitchedOn = false;

  /** @param shared the module is also another program's, so it is not touched. */
  constructor(private readonly shared: boolean) {}

  /** Switches a radio on that is off, where that is allowed; undefined when it was on or the module does not tell. */
  async obstacle(execute: Execute): Promise<ModemError | undefined> {
    const level = await ifRefused<number | undefined>(execute(functionality()), async () => undefined);
    if (level === undefined || level === FULL) return undefined;
    if (this.shared || this.wasSwitchedOn) {
      return new ModemError("NETWORK_NOT_REGISTERED", {
        detail: `its radio is off (CFUN ${level})`,
        hint: SPECIAL_HINTS.radioOff,
      });
    }
    this.wasSwitchedOn = true;
    await ifRefused(execute(switchRadioOn()), async () => undefined);
    return new ModemError("NETWORK_NOT_REGISTERED", {
      detail: `its radio was off (CFUN ${level}) and is being switched on`,
      hint: SPECIAL_HINTS.radioWasOff,
    });
  }
}
