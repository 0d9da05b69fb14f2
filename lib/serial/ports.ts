/**
 * The list of serial ports for a person to choose from: Quectel modules named, the AT port marked, each with a path
 * that still names the same socket or module after replugging.
 */
import type { SerialPort } from "serialport";
import { loadSerialPort } from "./serialport";
import { deviceNames, hardwareTtys, stableLinks, usbDevice, type UsbDevice } from "./sysfs";
import { usbModule, type PortRole } from "./usb-modules";

export interface SerialPortInfo {
  /** What to store: by-id where it names one module only, else by-path, else the device. */
  readonly path: string;
  /** Device of today, `/dev/ttyUSB2`. */
  readonly device: string;
  readonly vendorId?: string;
  readonly productId?: string;
  readonly interfaceNumber?: number;
  /** As the device names itself, `Quectel EC25-E`; on Windows as the Device Manager does, `Quectel USB AT Port`. */
  readonly description?: string;
  /** Models that the USB id stands for; undefined when it is no known Quectel module. */
  readonly models?: string;
  /** What the port is for; undefined when not known. */
  readonly role?: PortRole;
}

/** The list of Windows has a name for people, which the type of serialport does not show. */
type ListedPort = Awaited<ReturnType<typeof SerialPort.list>>[number] & { readonly friendlyName?: string };

/** Names of serial devices in /dev, for hosts whose /sys is hidden. */
const SERIAL_NAME = /^tty(USB|ACM|AMA|mxc|SAC|THS|HS)\d+$/;

/** Quectel AT ports first, then other Quectel ports, then the rest. @param root folder that stands for `/`, and the others too are for tests. */
export async function listPorts(
  root = "/",
  platform: NodeJS.Platform = process.platform,
  list: () => Promise<readonly ListedPort[]> = serialportList,
): Promise<SerialPortInfo[]> {
  const ports = platform === "linux" ? await linuxPorts(root) : (await list()).map(listedPort);
  return ports.sort((a, b) => rank(a) - rank(b) || a.device.localeCompare(b.device, "en", { numeric: true }));
}

function rank(port: SerialPortInfo): number {
  if (port.role === "at") return 0;
  return port.models === undefined ? 2 : 1;
}

async function linuxPorts(root: string): Promise<SerialPortInfo[]> {
  const present = await deviceNames(root);
  const fromDev = [...present].filter((name) => SERIAL_NAME.test(name));
  // A container may see all of the host's /sys, but only some of its devices; or the devices and no /sys.
  const fromSys = (await hardwareTtys(root)).filter((name) => present.has(name));
  const ttys = [...new Set([...fromSys, ...fromDev])];
  const [byId, byPath] = await Promise.all([stableLinks(root, "by-id"), stableLinks(root, "by-path")]);
  const usb = new Map<string, UsbDevice>();
  for (const tty of ttys) {
    const device = await usbDevice(root, tty);
    if (device !== undefined) usb.set(tty, device);
  }
  return ttys.map((tty) => {
    const device = usb.get(tty);
    const id = device === undefined || isUnique(device, usb) ? byId.get(tty)?.[0] : undefined;
    return portInfo(id ?? byPath.get(tty)?.[0] ?? `/dev/${tty}`, `/dev/${tty}`, device);
  });
}

/**
 * False when another interface would get the same by-id name: two modules of one kind, and modules rarely have a
 * serial number of their own. Then the link leads to whichever was found last.
 */
function isUnique(device: UsbDevice, all: ReadonlyMap<string, UsbDevice>): boolean {
  const same = [...all.values()].filter(
    (other) =>
      other.vendorId === device.vendorId &&
      other.productId === device.productId &&
      other.serialNumber === device.serialNumber &&
      other.interfaceNumber === device.interfaceNumber,
  );
  return same.length === 1;
}

function portInfo(path: string, device: string, usb: UsbDevice | undefined): SerialPortInfo {
  if (usb === undefined) return { path, device };
  const { vendorId, productId, interfaceNumber } = usb;
  const module = usbModule(vendorId, productId);
  const role = interfaceNumber === undefined ? undefined : module?.roles[interfaceNumber];
  const description = [usb.manufacturer, usb.product].filter((text) => text !== undefined).join(" ");
  return {
    path,
    device,
    vendorId,
    productId,
    ...(interfaceNumber === undefined ? {} : { interfaceNumber }),
    ...(description === "" ? {} : { description }),
    ...(module === undefined ? {} : { models: module.models }),
    ...(role === undefined ? {} : { role }),
  };
}

/** Windows and macOS: what serialport knows. */
async function serialportList(): Promise<readonly ListedPort[]> {
  const SerialPort = await loadSerialPort();
  return SerialPort.list();
}

/** A port as serialport lists it; on Windows the interface number stands in the device id as `MI_02`. */
function listedPort(port: ListedPort): SerialPortInfo {
  const { path, vendorId, productId, pnpId, manufacturer, serialNumber, friendlyName } = port;
  // Windows puts the port behind the name: "Quectel USB AT Port (COM7)".
  const name = friendlyName?.replace(/ \(COM\d+\)$/i, "");
  const described = name === undefined ? {} : { description: name };
  if (vendorId === undefined || productId === undefined) return { path, device: path, ...described };
  const interfaceNumber = /MI_([\da-f]{2})/i.exec(pnpId ?? "")?.[1];
  const info = portInfo(path, path, {
    vendorId: vendorId.toLowerCase(),
    productId: productId.toLowerCase(),
    interfaceNumber: interfaceNumber === undefined ? undefined : Number.parseInt(interfaceNumber, 16),
    manufacturer,
    product: undefined,
    serialNumber,
  });
  return { ...info, ...described };
}
