/**
 * What Linux tells of a serial port in /sys and /dev/serial, read without udevadm, which containers and OpenWrt lack.
 *
 *   /sys/class/tty/ttyUSB2/device -> …/1-1/1-1:1.2/ttyUSB2      1-1:1.2  bInterfaceNumber
 *                                                               1-1      idVendor, idProduct, serial, product
 */
import { readdir, readFile, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export interface UsbDevice {
  /** Lower-case hex, four digits. */
  readonly vendorId: string;
  readonly productId: string;
  readonly interfaceNumber: number | undefined;
  readonly manufacturer: string | undefined;
  readonly product: string | undefined;
  readonly serialNumber: string | undefined;
}

/** Levels from a tty up to the USB device that carries it; more than any driver makes. */
const LEVELS = 5;

/** Names of the ttys that stand for hardware: USB, and UARTs whose chip the kernel has found. */
export async function hardwareTtys(root: string): Promise<string[]> {
  const folder = join(root, "sys/class/tty");
  const names = await readdir(folder).catch(() => []);
  const real = await Promise.all(names.map((name) => isHardware(join(folder, name))));
  return names.filter((_name, index) => real[index]);
}

/** The USB device and interface behind a tty; undefined for a UART, or where /sys does not tell. */
export async function usbDevice(root: string, tty: string): Promise<UsbDevice | undefined> {
  let folder = await realpath(join(root, "sys/class/tty", tty, "device")).catch(() => undefined);
  let interfaceNumber: number | undefined;
  for (let level = 0; folder !== undefined && level < LEVELS; level++, folder = dirname(folder)) {
    const number = await attribute(folder, "bInterfaceNumber");
    interfaceNumber ??= number === undefined ? undefined : Number.parseInt(number, 16);
    const vendorId = await attribute(folder, "idVendor");
    const productId = await attribute(folder, "idProduct");
    if (vendorId !== undefined && productId !== undefined) {
      return {
        vendorId: vendorId.toLowerCase(),
        productId: productId.toLowerCase(),
        interfaceNumber,
        manufacturer: await attribute(folder, "manufacturer"),
        product: await attribute(folder, "product"),
        serialNumber: await attribute(folder, "serial"),
      };
    }
  }
  return undefined;
}

/** Links of /dev/serial/by-id or by-path: tty name -> links, without `root`. */
export async function stableLinks(root: string, kind: "by-id" | "by-path"): Promise<Map<string, string[]>> {
  const folder = join(root, "dev/serial", kind);
  const links = new Map<string, string[]>();
  const names = await readdir(folder).catch(() => []);
  for (const name of names.sort((a, b) => a.localeCompare(b))) {
    const target = await realpath(join(folder, name)).catch(() => undefined);
    if (target === undefined) continue;
    const tty = basename(target);
    links.set(tty, [...(links.get(tty) ?? []), `/dev/serial/${kind}/${name}`]);
  }
  return links;
}

/** Names in /dev; empty where there is none. */
export async function deviceNames(root: string): Promise<ReadonlySet<string>> {
  return new Set(await readdir(join(root, "dev")).catch(() => []));
}

/** A UART of the 8250 driver that was never found has type 0 (PORT_UNKNOWN of serial_core.h). */
async function isHardware(folder: string): Promise<boolean> {
  const device = await realpath(join(folder, "device")).catch(() => undefined);
  return device !== undefined && (await attribute(folder, "type")) !== "0";
}

async function attribute(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, name), "utf8").catch(() => undefined);
  return text?.trim();
}
