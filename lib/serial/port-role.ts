/** What a single port is, by its USB device and interface; the list of all ports is in `ports.ts`. */
import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { listPorts } from "./ports";
import { usbDevice } from "./sysfs";
import { QUECTEL, usbModule, type PortRole } from "./usb-modules";

/** Where to look; for tests. */
export interface PortSource {
  /** Folder that stands for `/`. */
  readonly root?: string;
  readonly platform?: NodeJS.Platform;
  /** In the place of serialport's list, which tells where there is no /sys. */
  readonly list?: Parameters<typeof listPorts>[2];
}

/**
 * Equal for two names of one port: a link below /dev/serial leads to its device, and Windows takes `com3` and
 * `\\\\.\\COM3` for `COM3`.
 */
export async function deviceOf(path: string, platform: NodeJS.Platform = process.platform): Promise<string> {
  if (platform === "win32") return path.replace(/^\\\\[.?]\\/, "").toUpperCase();
  return realpath(path).catch(() => path);
}

/**
 * The role of a port of a known Quectel module; undefined for a UART, for any other device, and where the system does
 * not tell, as in some containers.
 *
 * @param path device or link.
 */
export async function portRole(path: string, source: PortSource = {}): Promise<PortRole | undefined> {
  const { vendorId, productId, interfaceNumber } = (await usbOf(path, source)) ?? {};
  const roles = usbModule(vendorId, productId)?.roles;
  return interfaceNumber === undefined ? undefined : roles?.[interfaceNumber];
}

/** True when `path` is a port of a Quectel module's own USB interface, where no baud rate applies. */
export async function isModuleUsbPort(path: string, source: PortSource = {}): Promise<boolean> {
  return (await usbOf(path, source))?.vendorId === QUECTEL;
}

interface UsbIds {
  readonly vendorId?: string;
  readonly productId?: string;
  readonly interfaceNumber?: number | undefined;
}

async function usbOf(path: string, source: PortSource): Promise<UsbIds | undefined> {
  const { root = "/", platform = process.platform, list } = source;
  const device = await deviceOf(path, platform);
  if (platform === "linux") return usbDevice(root, basename(device));
  // A port whose list cannot be made can be opened all the same.
  for (const port of await listPorts(root, platform, list).catch(() => [])) {
    if ((await deviceOf(port.path, platform)) === device) return port;
  }
  return undefined;
}
