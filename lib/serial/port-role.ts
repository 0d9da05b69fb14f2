/** What a single port is for, by its USB interface; the list of all ports is in `ports.ts`. */
import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { usbDevice } from "./sysfs";
import { usbModule, type PortRole } from "./usb-modules";

/**
 * The role of a port of a known Quectel module on Linux; undefined for a UART, for any other device, and where /sys
 * does not tell, as in some containers.
 *
 * @param path device or link. @param root folder that stands for `/` (tests).
 */
export async function portRole(path: string, root = "/"): Promise<PortRole | undefined> {
  const device = await realpath(path).catch(() => path);
  const { vendorId, productId, interfaceNumber } = (await usbDevice(root, basename(device))) ?? {};
  const roles = usbModule(vendorId, productId)?.roles;
  return interfaceNumber === undefined ? undefined : roles?.[interfaceNumber];
}
