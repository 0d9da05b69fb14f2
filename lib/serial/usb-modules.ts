/**
 * Quectel modules by USB id, and which interface is the AT port.
 *
 * Sources: Quectel "LTE Linux USB Driver" user guides and the option driver of Linux. The number in ttyUSBn is an
 * order of appearance and says nothing; the interface number does.
 */

export type PortRole = "diag" | "gnss" | "at" | "modem";

export interface UsbModule {
  /** Models that share the id. */
  readonly models: string;
  /** Role by USB interface number. */
  readonly roles: Readonly<Record<number, PortRole>>;
}

/** USB vendor of all Quectel modules. */
export const QUECTEL = "2c7c";

const CLASSIC = { 0: "diag", 1: "gnss", 2: "at", 3: "modem" } as const;
const RTOS = { 2: "diag", 3: "at", 4: "modem" } as const;

/** By product id, lower-case hex. */
export const USB_MODULES = {
  "0125": { models: "EC25, EC20, EG25-G, EM05", roles: CLASSIC },
  "0121": { models: "EC21, EG21-G", roles: CLASSIC },
  "0191": { models: "EG91", roles: CLASSIC },
  "0195": { models: "EG95", roles: CLASSIC },
  "0296": { models: "BG96", roles: CLASSIC },
  "0306": { models: "EG06, EP06, EM06", roles: CLASSIC },
  "0435": { models: "AG35", roles: CLASSIC },
  "0512": { models: "EG12, EG18, EM12", roles: CLASSIC },
  "0700": { models: "BG95, BG77", roles: { 0: "diag", 1: "gnss", 2: "modem" } },
  "0901": { models: "EC200U", roles: { 2: "at", 7: "modem" } },
  "6002": { models: "EC200S", roles: RTOS },
  "6005": { models: "EC200A", roles: RTOS },
  "6026": { models: "EC200T", roles: RTOS },
} as const satisfies Record<string, UsbModule>;

/** The module with this USB id, or undefined. */
export function usbModule(
  vendorId: string | undefined,
  productId: string | undefined,
): UsbModule | undefined {
  const modules: Readonly<Record<string, UsbModule>> = USB_MODULES;
  return vendorId === QUECTEL && productId !== undefined ? modules[productId] : undefined;
}
