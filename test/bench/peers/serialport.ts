/** serialport in the version that this package uses, not the older one that lies beside the peers. */
import { createRequire } from "node:module";
import { join } from "node:path";

const ofPackage = createRequire(join(__dirname, "../../../package.json"));

export const { SerialPort, ReadlineParser, RegexParser }: typeof import("serialport") =
  ofPackage("serialport");
