/** What needs no device; the rest is in `test/system/serial`. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ErrorCode } from "../../../lib/errors";
import { isWithoutLines, openError, portError } from "../../../lib/serial/serial-errors";
import { SerialTransport, type SerialOptions } from "../../../lib/serial/serial-transport";
import { withCode } from "../../support/at-bench";

function transport(path: string, more: Partial<SerialOptions> = {}): SerialTransport {
  return new SerialTransport({
    path,
    baudRate: 115_200,
    flowControl: "none",
    dtr: "leave",
    rts: "leave",
    ...more,
  });
}

describe("the serial transport", () => {
  it("says PORT_NOT_FOUND for a device or link that is not there", async () => {
    const serial = transport("/dev/serial/by-id/usb-Quectel_EC25-nothing-if02");
    const ends: unknown[] = [];
    serial.on("closed", (error) => ends.push(error));
    await assert.rejects(serial.open(), withCode("PORT_NOT_FOUND"));
    await serial.close();
    assert.deepEqual(ends, []);
  });

  it("says PORT_FAILED for what is no serial port", async () => {
    const folder = await mkdtemp(join(tmpdir(), "serial-"));
    try {
      await writeFile(join(folder, "file"), "");
      await assert.rejects(transport(join(folder, "file")).open(), withCode("PORT_FAILED"));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("keeps nothing that is written while it is not open (S4)", async () => {
    const serial = transport("/dev/nothing");
    await assert.rejects(serial.write(Buffer.from("AT+QSMTPPUT=300\r")), withCode("PORT_CLOSED"));
    await assert.rejects(serial.drain(), withCode("PORT_CLOSED"));
    await assert.rejects(serial.set({ dtr: true }), withCode("PORT_CLOSED"));
    await assert.rejects(serial.open());
    await assert.rejects(serial.write(Buffer.from("AT\r")), withCode("PORT_CLOSED"));
    await assert.rejects(serial.open(), withCode("PORT_CLOSED"));
  });

  it("is paced by its baud rate, and held back by RTS/CTS only where that is wanted", () => {
    assert.equal(transport("/dev/ttyS0").bitRate, 115_200);
    assert.equal(transport("/dev/ttyS0").flowControlled, false);
    assert.equal(transport("/dev/ttyS0", { flowControl: "rtscts" }).flowControlled, true);
  });
});

describe("an error of serialport", () => {
  const OPEN: readonly [text: string, code: ErrorCode][] = [
    ["Error: No such file or directory, cannot open /dev/ttyUSB2", "PORT_NOT_FOUND"],
    ["Error: No such device or address, cannot open /dev/ttyUSB2", "PORT_NOT_FOUND"],
    ["Opening COM9: File not found", "PORT_NOT_FOUND"],
    ["Error Resource temporarily unavailable Cannot lock port", "PORT_BUSY"],
    ["Error: Device or resource busy, cannot open /dev/ttyUSB2", "PORT_BUSY"],
    ["Opening COM3: Access denied", "PORT_BUSY"],
    ["Opening COM3: Unknown error code 32", "PORT_BUSY"],
    ["Opening COM3: Unknown error code 433", "PORT_NOT_FOUND"],
    ["Opening COM3: Unknown error code 31", "PORT_FAILED"],
    ["Open (SetCommState): The parameter is incorrect", "PORT_FAILED"],
    ["Error: Permission denied, cannot open /dev/ttyUSB2", "PORT_DENIED"],
    ["Error: Input/output error setting custom baud rate of 7", "PORT_FAILED"],
  ];
  const LATER: readonly [text: string, code: ErrorCode][] = [
    ["bad file descriptor", "PORT_UNPLUGGED"],
    ["EIO: i/o error, write", "PORT_UNPLUGGED"],
    ["Error: Input/output error, cannot drain", "PORT_UNPLUGGED"],
    ["Error: No such device, cannot set", "PORT_UNPLUGGED"],
    ["Port is not open", "PORT_CLOSED"],
    ["Reading from COM port (ReadIOCompletion): Operation aborted", "PORT_UNPLUGGED"],
    ["Writing to COM port (WriteFileEx): Invalid handle", "PORT_UNPLUGGED"],
    ["Writing to COM port (GetOverlappedResult): Access denied", "PORT_UNPLUGGED"],
    ["Getting control settings on COM port (GetCommModemStatus): Unknown error code 22", "PORT_UNPLUGGED"],
    ["Getting control settings on COM port (GetCommModemStatus): Unknown error code 1", "PORT_FAILED"],
    ["Getting control settings on COM port (GetCommModemStatus): Unknown error code 221", "PORT_FAILED"],
    ["Error: Inappropriate ioctl for device, cannot set", "PORT_FAILED"],
  ];

  for (const [text, code] of OPEN) {
    it(`at open, "${text}", is ${code}`, () => {
      assert.equal(openError(new Error(text)).code, code);
    });
  }

  for (const [text, code] of LATER) {
    it(`later, "${text}", is ${code}`, () => {
      assert.equal(portError(new Error(text)).code, code);
    });
  }

  it("is told by its cause when it was translated before", () => {
    assert.equal(openError(portError(new Error("Permission denied, cannot open x"))).code, "PORT_DENIED");
  });

  it("tells a device without control lines from one that fails", () => {
    for (const text of [
      "Error: Inappropriate ioctl for device, cannot set",
      "Setting options on COM port (SetCommMask): The parameter is incorrect",
      "Setting options on COM port (SetCommMask): Unknown error code 1",
    ]) {
      assert.equal(isWithoutLines(portError(new Error(text))), true, text);
    }
    assert.equal(isWithoutLines(portError(new Error("Error: Input/output error, cannot set"))), false);
  });
});
