import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deviceOf, isModuleUsbPort, portRole } from "../../../lib/serial/port-role";
import { listPorts } from "../../../lib/serial/ports";
import { USB_MODULES, usbModule } from "../../../lib/serial/usb-modules";

interface UsbTree {
  readonly bus: string;
  readonly vendor: string;
  readonly product: string;
  readonly name?: string;
  readonly serial?: string;
  /** Interface number -> tty. */
  readonly ttys: Readonly<Record<number, string>>;
}

const EC25: UsbTree = {
  bus: "1-1",
  vendor: "2c7c",
  product: "0125",
  name: "EC25-E",
  ttys: { 0: "ttyUSB0", 1: "ttyUSB1", 2: "ttyUSB2", 3: "ttyUSB3" },
};

describe("the list of ports", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "ports-"));
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  async function put(path: string, content = ""): Promise<void> {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), content);
  }

  async function link(path: string, target: string): Promise<void> {
    await mkdir(join(root, path, ".."), { recursive: true });
    await symlink(join(root, target), join(root, path));
  }

  async function plug({ bus, vendor, product, name, serial, ttys }: UsbTree): Promise<void> {
    const device = `sys/devices/pci0000:00/usb1/${bus}`;
    await put(`${device}/idVendor`, `${vendor}\n`);
    await put(`${device}/idProduct`, `${product}\n`);
    await put(`${device}/manufacturer`, "Quectel\n");
    if (name !== undefined) await put(`${device}/product`, `${name}\n`);
    if (serial !== undefined) await put(`${device}/serial`, `${serial}\n`);
    for (const [number, tty] of Object.entries(ttys)) {
      const face = `${device}/${bus}:1.${number}`;
      await put(`${face}/bInterfaceNumber`, `${number.padStart(2, "0")}\n`);
      await put(`${face}/${tty}/uevent`);
      await link(`sys/class/tty/${tty}/device`, `${face}/${tty}`);
      await put(`dev/${tty}`);
    }
  }

  it("names a Quectel module, tells its AT port by the interface number, and puts it first", async () => {
    await plug({ ...EC25, ttys: { 2: "ttyUSB7", 0: "ttyUSB0", 3: "ttyUSB1" } });
    const ports = await listPorts(root, "linux");
    assert.deepEqual(
      ports.map(({ device, role }) => [device, role]),
      [
        ["/dev/ttyUSB7", "at"],
        ["/dev/ttyUSB0", "diag"],
        ["/dev/ttyUSB1", "modem"],
      ],
    );
    assert.deepEqual(ports[0], {
      path: "/dev/ttyUSB7",
      device: "/dev/ttyUSB7",
      vendorId: "2c7c",
      productId: "0125",
      interfaceNumber: 2,
      description: "Quectel EC25-E",
      models: "EC25, EC20, EG25-G, EM05",
      role: "at",
    });
  });

  it("offers the by-id name, which survives another number after replugging", async () => {
    await plug(EC25);
    await link("dev/serial/by-id/usb-Quectel_EC25-E-if02-port0", "dev/ttyUSB2");
    await link("dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.2-port0", "dev/ttyUSB2");
    const [at] = await listPorts(root, "linux");
    assert.equal(at?.path, "/dev/serial/by-id/usb-Quectel_EC25-E-if02-port0");
  });

  it("offers the by-path name where two modules would share one by-id name", async () => {
    await plug(EC25);
    await plug({ ...EC25, bus: "1-2", ttys: { 2: "ttyUSB6" } });
    await link("dev/serial/by-id/usb-Quectel_EC25-E-if02-port0", "dev/ttyUSB6");
    await link("dev/serial/by-path/pci-usb-0:1:1.2-port0", "dev/ttyUSB2");
    await link("dev/serial/by-path/pci-usb-0:2:1.2-port0", "dev/ttyUSB6");
    const paths = (await listPorts(root, "linux"))
      .filter(({ role }) => role === "at")
      .map(({ path }) => path);
    assert.deepEqual(paths, [
      "/dev/serial/by-path/pci-usb-0:1:1.2-port0",
      "/dev/serial/by-path/pci-usb-0:2:1.2-port0",
    ]);
  });

  it("offers by-id for two modules that have serial numbers of their own", async () => {
    await plug({ ...EC25, serial: "a", ttys: { 2: "ttyUSB2" } });
    await plug({ ...EC25, bus: "1-2", serial: "b", ttys: { 2: "ttyUSB6" } });
    await link("dev/serial/by-id/usb-a-if02", "dev/ttyUSB2");
    await link("dev/serial/by-id/usb-b-if02", "dev/ttyUSB6");
    const paths = (await listPorts(root, "linux")).map(({ path }) => path);
    assert.deepEqual(paths, ["/dev/serial/by-id/usb-a-if02", "/dev/serial/by-id/usb-b-if02"]);
  });

  it("shows other adapters and real UARTs behind them, but no UART whose chip was never found", async () => {
    await plug({ bus: "1-3", vendor: "0403", product: "6001", name: "FT232R", ttys: { 0: "ttyUSB9" } });
    for (const [tty, type] of [
      ["ttyS0", "4"],
      ["ttyS1", "0"],
      ["ttyAMA0", "32"],
    ] as const) {
      await put(`sys/devices/platform/${tty}/driver`);
      await link(`sys/class/tty/${tty}/device`, `sys/devices/platform/${tty}`);
      await put(`sys/class/tty/${tty}/type`, `${type}\n`);
      await put(`dev/${tty}`);
    }
    await put("sys/class/tty/tty1/dev");
    await put("dev/tty1");
    await plug(EC25);
    const ports = await listPorts(root, "linux");
    assert.deepEqual(
      ports.map(({ device }) => device),
      ["2", "0", "1", "3"].map((n) => `/dev/ttyUSB${n}`).concat("/dev/ttyAMA0", "/dev/ttyS0", "/dev/ttyUSB9"),
    );
    assert.equal(ports.at(-1)?.models, undefined);
  });

  it("shows in a container only the devices that are there, although /sys is the host's", async () => {
    await plug(EC25);
    for (const tty of ["ttyUSB0", "ttyUSB1", "ttyUSB3"]) await rm(join(root, "dev", tty));
    assert.deepEqual(
      (await listPorts(root, "linux")).map(({ device }) => device),
      ["/dev/ttyUSB2"],
    );
  });

  it("shows the devices where /sys is hidden", async () => {
    await put("dev/ttyUSB2");
    await put("dev/ttyACM0");
    await put("dev/ttyS0");
    await put("dev/null");
    assert.deepEqual(await listPorts(root, "linux"), [
      { path: "/dev/ttyACM0", device: "/dev/ttyACM0" },
      { path: "/dev/ttyUSB2", device: "/dev/ttyUSB2" },
    ]);
  });

  it("is empty where there is nothing, and skips a link that leads nowhere", async () => {
    assert.deepEqual(await listPorts(root, "linux"), []);
    await link("dev/serial/by-id/usb-gone", "dev/ttyUSB0");
    assert.deepEqual(await listPorts(root, "linux"), []);
  });

  it("knows the module's own USB ports, also through a link", async () => {
    await plug(EC25);
    await plug({ bus: "1-3", vendor: "0403", product: "6001", ttys: { 0: "ttyUSB9" } });
    await link("dev/serial/by-id/usb-Quectel-if02", "dev/ttyUSB2");
    assert.equal(await isModuleUsbPort("/dev/ttyUSB2", { root }), true);
    assert.equal(await isModuleUsbPort(join(root, "dev/serial/by-id/usb-Quectel-if02"), { root }), true);
    assert.equal(await isModuleUsbPort("/dev/ttyUSB9", { root }), false);
    assert.equal(await isModuleUsbPort("/dev/ttyS0", { root }), false);
    assert.equal(await isModuleUsbPort("/dev/nothing", { root }), false);
  });
});

describe("a port listed by serialport on Windows or macOS", () => {
  const listed = {
    path: "COM7",
    manufacturer: "Quectel",
    serialNumber: undefined,
    pnpId: "USB\\VID_2C7C&PID_0125&MI_02\\6&1",
    locationId: undefined,
    vendorId: "2C7C",
    productId: "0125",
  };

  const ports = (change: object = {}) => listPorts("/", "win32", async () => [{ ...listed, ...change }]);

  it("is told by its USB ids and by the interface number in its device id", async () => {
    const [port] = await ports();
    const { path, device, role, models } = port ?? {};
    assert.deepEqual([path, device, role, models], ["COM7", "COM7", "at", "EC25, EC20, EG25-G, EM05"]);
  });

  it("is called what the Device Manager calls it, without the port's number", async () => {
    const [port] = await ports({ friendlyName: "Quectel USB AT Port (COM7)" });
    assert.equal(port?.description, "Quectel USB AT Port");
    const plain = { friendlyName: "Communications Port (COM1)", path: "COM1", vendorId: undefined };
    assert.deepEqual(await ports(plain), [
      { path: "COM1", device: "COM1", description: "Communications Port" },
    ]);
  });

  it("is only a path when nothing else is known", async () => {
    assert.deepEqual(await ports({ vendorId: undefined }), [{ path: "COM7", device: "COM7" }]);
    const [port] = await ports({ pnpId: undefined });
    assert.equal(port?.role, undefined);
  });

  it("is recognised as the module's own by vendor and product where there is no /sys, however it is written", async () => {
    const source = {
      platform: "win32",
      list: async () => [listed, { ...listed, path: "COM10", pnpId: "" }],
    } as const;
    for (const path of ["COM7", "com7", "\\\\.\\COM7"]) {
      assert.equal(await isModuleUsbPort(path, source), true, path);
      assert.equal(await portRole(path, source), "at", path);
    }
    assert.equal(await isModuleUsbPort("COM70", source), false);
    assert.equal(await portRole("COM10", source), undefined);
  });

  it("is opened all the same when the list cannot be made", async () => {
    const list = () => Promise.reject(new Error("The list of devices is empty"));
    assert.equal(await isModuleUsbPort("COM7", { platform: "win32", list }), false);
  });

  it("has one name for COM3 and com3 on Windows, where names have no case, and only there", async () => {
    assert.equal(await deviceOf("com3", "win32"), await deviceOf("COM3", "win32"));
    assert.notEqual(await deviceOf("/dev/ttyusb0", "linux"), await deviceOf("/dev/ttyUSB0", "linux"));
  });
});

describe("the table of USB modules", () => {
  it("has one AT port for each module but the BG95, whose AT port is its modem port", () => {
    for (const [id, { roles }] of Object.entries(USB_MODULES)) {
      const ports = Object.values(roles).filter((role) => role === "at" || role === "modem");
      assert.ok(ports.includes(id === "0700" ? "modem" : "at"), id);
    }
  });

  it("knows Quectel's vendor id only", () => {
    assert.equal(usbModule("2c7c", "0125")?.roles[2], "at");
    assert.equal(usbModule("0403", "0125"), undefined);
    assert.equal(usbModule("2c7c", "ffff"), undefined);
    assert.equal(usbModule(undefined, undefined), undefined);
  });
});
