/** The port for unsolicited lines, by the USB interface of the port that a person has chosen. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transportSource, urcPortOf } from "../../../nodes/runtime/modem/transports";
import { VirtualClock } from "../../support/virtual-clock";

describe("the port for unsolicited lines", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "urc-port-"));
  });

  afterEach(() => rm(root, { recursive: true }));

  /** A USB device with one tty, as Linux shows it below /sys. */
  async function plug([vendor, product, interfaceNumber]: readonly [string, string, string]): Promise<void> {
    const device = join(root, "sys/devices/1-1");
    const face = join(device, `1-1:1.${Number(interfaceNumber)}`);
    await mkdir(join(face, "ttyUSB7"), { recursive: true });
    await writeFile(join(device, "idVendor"), `${vendor}\n`);
    await writeFile(join(device, "idProduct"), `${product}\n`);
    await writeFile(join(face, "bInterfaceNumber"), `${interfaceNumber}\n`);
    await mkdir(join(root, "sys/class/tty/ttyUSB7"), { recursive: true });
    await symlink(join(face, "ttyUSB7"), join(root, "sys/class/tty/ttyUSB7/device"));
  }

  for (const [what, usb, port] of [
    ["the AT interface of an EC25", ["2c7c", "0125", "02"], "usbat"],
    ["the modem interface of an EC25", ["2c7c", "0125", "03"], "usbmodem"],
    ["the AT interface of an EC200S, which has another number", ["2c7c", "6002", "03"], "usbat"],
    ["the interface of an EC25 that carries positions", ["2c7c", "0125", "01"], undefined],
    ["a USB adapter before a UART", ["0403", "6001", "00"], undefined],
  ] as const) {
    it(`is ${port ?? "not touched"} on ${what}`, async () => {
      await plug(usb);
      assert.equal(await urcPortOf("/dev/ttyUSB7", { root }), port);
    });
  }

  it("is found through a link that still names the module after replugging", async () => {
    await plug(["2c7c", "0125", "02"]);
    await mkdir(join(root, "dev/serial/by-id"), { recursive: true });
    await writeFile(join(root, "dev/ttyUSB7"), "");
    const link = join(root, "dev/serial/by-id/usb-Quectel-if02");
    await symlink(join(root, "dev/ttyUSB7"), link);
    assert.equal(await urcPortOf(link, { root }), "usbat");
  });

  it("is not touched in a container without /sys, on a UART, or where the port is gone", async () => {
    for (const path of ["/dev/ttyUSB7", "/dev/ttyS0", "/dev/serial/by-id/gone"])
      assert.equal(await urcPortOf(path, { root }), undefined);
  });

  it("is looked for on serial ports only, at whatever line rate", async () => {
    const line = { flowControl: "none", dtr: "leave", rts: "leave", path: "/dev/none" } as const;
    for (const baudRate of [115_200, "auto"] as const) {
      const source = transportSource({ kind: "serial", ...line, baudRate }, new VirtualClock());
      assert.equal(await source.urcPort?.(), undefined);
      assert.ok(source.urcPort);
    }
    const tcp = transportSource({ kind: "tcp", host: "192.0.2.1", port: 3333 }, new VirtualClock());
    assert.equal(tcp.urcPort, undefined);
  });
});

describe("the transport of a serial port", () => {
  const line = {
    kind: "serial",
    path: "/dev/none",
    flowControl: "none",
    dtr: "leave",
    rts: "leave",
  } as const;

  it("has the rate of the settings", () => {
    const { transport } = transportSource({ ...line, baudRate: 57_600 }, new VirtualClock());
    assert.ok(typeof transport === "function");
    assert.equal(transport().bitRate, 57_600);
  });

  it("has the rate that is asked for where the settings say auto", () => {
    const { transport } = transportSource({ ...line, baudRate: "auto" }, new VirtualClock());
    assert.ok(typeof transport === "object");
    assert.equal(transport.atRate(9600).bitRate, 9600);
  });
});
