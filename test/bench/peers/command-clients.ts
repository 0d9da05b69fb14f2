/** Clients of a serial port that give one AT command after the other: the engine, a bare port, serialport-gsm. */
import { createRequire } from "node:module";
import { SerialPort } from "./serialport";
import { Channel } from "../../../lib/at/channel";
import { nothing } from "../../../lib/at/command";
import { SerialTransport } from "../../../lib/serial/serial-transport";

/** Gives `AT` and waits for its `OK`. */
export interface CommandClient {
  roundTrip(): Promise<unknown>;
  close(): Promise<void>;
}

const BAUD_RATE = 115_200;
const COMMAND = "AT";

export async function engine(path: string): Promise<CommandClient> {
  const transport = new SerialTransport({
    path,
    baudRate: BAUD_RATE,
    flowControl: "none",
    dtr: "leave",
    rts: "leave",
  });
  await transport.open();
  const channel = new Channel(transport);
  await channel.sync();
  return {
    roundTrip: () => channel.execute({ line: COMMAND, headers: [], timeoutMs: 1000, parse: nothing }),
    close: () => channel.close(),
  };
}

/** What a few lines of one's own do: no queue, no time limit, no framing; the least that a round trip can cost. */
export async function barePort(path: string): Promise<CommandClient> {
  const port = new SerialPort({ path, baudRate: BAUD_RATE, autoOpen: false });
  await new Promise<void>((resolve, reject) =>
    port.open((error) => (error === null ? resolve() : reject(error))),
  );
  let held = "";
  let answered = (): void => undefined;
  port.on("data", (bytes: Buffer) => {
    held += bytes.toString("latin1");
    if (!held.endsWith("\r\nOK\r\n")) return;
    held = "";
    answered();
  });
  const roundTrip = (): Promise<void> =>
    new Promise((resolve) => {
      answered = resolve;
      port.write(`${COMMAND}\r`);
    });
  await roundTrip();
  return {
    roundTrip,
    close: () => new Promise((resolve) => port.close(() => resolve())),
  };
}

/** The part of serialport-gsm, which has no types, that is used here. */
interface GsmModem {
  open(path: string, options: object): Promise<unknown>;
  executeCommand(command: string): Promise<unknown>;
  close(): Promise<unknown>;
}

/** It wants the echo on, which is how a module starts. */
export async function serialportGsm(path: string): Promise<CommandClient> {
  const gsm: { Modem(): GsmModem } = createRequire(__filename)("serialport-gsm");
  const modem = gsm.Modem();
  await modem.open(path, { baudRate: BAUD_RATE, dataBits: 8, parity: "none", stopBits: 1 });
  return {
    roundTrip: () => modem.executeCommand(COMMAND),
    close: async () => {
      await modem.close();
    },
  };
}
