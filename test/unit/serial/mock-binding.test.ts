/**
 * The serial transport on serialport's own mock, which runs on every system: as on Windows, its ports have no poller,
 * and they fail with the texts of the Windows binding.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { SerialPortMock } from "serialport";
import { SerialTransport, type SerialOptions } from "../../../lib/serial/serial-transport";
import { withCode } from "../../support/at-bench";
import { VirtualClock } from "../../support/virtual-clock";

const { binding: mock } = SerialPortMock;
type MockPort = Awaited<ReturnType<typeof mock.open>>;
type Failing = "read" | "write" | "get";

const COM = "COM7";
const ABORTED = "Reading from COM port (ReadIOCompletion): Operation aborted";
const DENIED = "Writing to COM port (GetOverlappedResult): Access denied";
const BAD_COMMAND = "Getting control settings on COM port (GetCommModemStatus): Unknown error code 22";

describe("the serial transport on a mock of the binding, as on Windows", () => {
  /** Ports opened, the newest last, and what each was told. */
  let opened: MockPort[];
  let openedWith: object[];
  let lines: object[];

  beforeEach(() => {
    mock.createPort(COM, { echo: false, record: true });
    opened = [];
    openedWith = [];
    lines = [];
  });

  afterEach(() => mock.reset());

  /** @param answers what the module says to each line. */
  function transport(
    more: Partial<SerialOptions> = {},
    answers: Readonly<Record<string, string>> = {},
  ): SerialTransport {
    const binding: typeof mock = {
      ...mock,
      async open(options) {
        const port = await mock.open(options);
        const set = port.set.bind(port);
        const write = port.write.bind(port);
        openedWith.push(options);
        port.set = (wanted) => {
          lines.push(wanted);
          return set(wanted);
        };
        port.write = async (bytes) => {
          await write(bytes);
          const answer = answers[bytes.toString()];
          if (answer !== undefined) port.emitData(answer);
        };
        opened.push(port);
        return port;
      },
    };
    return new SerialTransport({
      path: COM,
      baudRate: 115_200,
      flowControl: "none",
      dtr: "leave",
      rts: "leave",
      platform: "win32",
      binding,
      ...more,
    });
  }

  /** Makes one operation of the port fail from now on. */
  function fail(operation: Failing, text: string): void {
    const port = opened.at(-1);
    assert.ok(port);
    Object.assign(port, { [operation]: () => Promise.reject(new Error(text)) });
  }

  it("carries a command out and its answer in", async () => {
    const serial = transport({}, { "AT+CSQ\r": "\r\n+CSQ: 24,99\r\n\r\nOK\r\n" });
    await serial.open();
    const heard: Buffer[] = [];
    const answered = new Promise<void>((resolve) => {
      serial.on("data", (bytes) => {
        heard.push(bytes);
        if (Buffer.concat(heard).toString().endsWith("OK\r\n")) resolve();
      });
    });
    await serial.write(Buffer.from("AT+CSQ\r"));
    await serial.drain();
    await answered;
    assert.equal(Buffer.concat(heard).toString(), "\r\n+CSQ: 24,99\r\n\r\nOK\r\n");
    assert.equal(opened.at(-1)?.recording.toString(), "AT+CSQ\r");
    await serial.close();
  });

  it("ends with PORT_UNPLUGGED when a read is aborted, as when the device has gone", async () => {
    const serial = transport();
    await serial.open();
    const closed = once(serial, "closed");
    fail("read", ABORTED);
    opened.at(-1)?.emitData("x");
    const [error] = await closed;
    assert.equal(error.code, "PORT_UNPLUGGED");
    await assert.rejects(serial.write(Buffer.from("AT\r")), withCode("PORT_CLOSED"));
  });

  it("ends with PORT_UNPLUGGED when a write is refused", async () => {
    const serial = transport();
    await serial.open();
    const closed = once(serial, "closed");
    fail("write", DENIED);
    await assert.rejects(serial.write(Buffer.from("AT\r")), withCode("PORT_UNPLUGGED"));
    const [error] = await closed;
    assert.equal(error.code, "PORT_UNPLUGGED");
  });

  it("ends with PORT_UNPLUGGED when no read ends and the port no longer answers", async () => {
    const clock = new VirtualClock();
    const serial = transport({ clock });
    await serial.open();
    const closed = once(serial, "closed");
    fail("get", BAD_COMMAND);
    await clock.advance(1_000);
    const [error] = await closed;
    assert.equal(error.code, "PORT_UNPLUGGED");
  });

  it("stays open where the driver does not know control lines", async () => {
    const clock = new VirtualClock();
    const serial = transport({ clock });
    await serial.open();
    fail("get", BAD_COMMAND.replace("22", "1"));
    await clock.advance(5_000);
    await serial.write(Buffer.from("AT\r"));
    await serial.close();
    assert.equal(clock.timers, 0);
  });

  it("raises both lines unless they are to stay off, because the binding of Windows lowers them", async () => {
    const serial = transport();
    await serial.open();
    await serial.close();
    const off = transport({ dtr: "off", rts: "off" });
    await off.open();
    await off.close();
    const level = ({ dtr, rts }: { dtr?: boolean; rts?: boolean }) => [dtr, rts];
    assert.deepEqual(
      [lines[1], lines[3]].map((set) => level(set ?? {})),
      [
        [true, true],
        [false, false],
      ],
    );
    assert.deepEqual(
      openedWith.map((options) => Reflect.get(options, "hupcl")),
      [true, false],
    );
  });

  it("lets another open the port only when it is closed", async () => {
    const first = transport();
    await first.open();
    await assert.rejects(transport().open());
    await first.close();
    const next = transport();
    await next.open();
    await next.close();
  });
});
