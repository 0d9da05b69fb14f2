/** Who the module is: fact base 7. */
import { ERROR, OK, testOk, type Command, type Feature } from "../device/command";
import { integerIn } from "../device/parameters";
import type { Device } from "../device/device";

const manufacturer = "Quectel";
const model = "EC25";
/** Firmware by its release, and with its sub-version as AT+QGMR gives it. */
function firmware(modem: Device): { readonly revision: string; readonly full: string } {
  const release = modem.variants.firmware;
  const revision = `${model}EFAR06A08M4G`;
  return { revision, full: `${revision}_${release}.${release}` };
}

/** A command that answers one text, in all ways it may be asked. */
function tells(text: (modem: Device) => string): Command {
  return {
    test: testOk,
    exec: ({ modem, info }) => {
      info(text(modem));
      return OK;
    },
  };
}

/** 27.007 5.4: 0 the serial number alone, 1 the IMEI with its header. */
function serialNumber(name: string): Command {
  return {
    ...tells(({ imei }) => imei),
    write: ({ modem: { imei }, parameters, info }) => {
      const kind = integerIn(parameters[0], 0, 1);
      if (kind === undefined || parameters.length !== 1) return ERROR;
      info(kind === 0 ? imei : `${name}: "${imei}"`);
      return OK;
    },
  };
}

export const identityFeature: Feature = {
  name: "identity",
  commands: {
    I: {
      exec: ({ modem, info }) => {
        info(manufacturer);
        info(model);
        info(`Revision: ${firmware(modem).revision}`);
        return OK;
      },
    },
    "+CGMI": tells(() => manufacturer),
    "+GMI": tells(() => manufacturer),
    "+CGMM": tells(() => model),
    "+GMM": tells(() => model),
    "+CGMR": tells((modem) => firmware(modem).revision),
    "+GMR": tells((modem) => firmware(modem).revision),
    "+QGMR": tells((modem) => firmware(modem).full),
    "+CGSN": serialNumber("+CGSN"),
    "+GSN": serialNumber("+GSN"),
  },
};
