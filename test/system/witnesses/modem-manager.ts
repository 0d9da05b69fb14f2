/**
 * ModemManager with mmcli on a private bus, without udev and without the host's own modems.
 *
 *   ModemManager -- abstract socket -- socat -- TCP -- simulated modem
 *
 * Its test interface takes the name of an abstract socket as a serial port. socat stands between because Node
 * pads the names of abstract sockets.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { SimulatedModem, type SimulatedModemOptions } from "../../../lib/simulator";
import { serveTcp } from "../../../lib/simulator/serve/tcp-server";
import { waitFor } from "../../support/wait-for";
import { run, tool } from "./tools";

const service = "org.freedesktop.ModemManager1";
const rootObject = "/org/freedesktop/ModemManager1";

/** The parts of mmcli's JSON that the tests look at; `--` stands for nothing. */
export interface ModemReport {
  readonly generic: {
    readonly state: string;
    readonly manufacturer: string;
    readonly model: string;
    readonly plugin: string;
    readonly "access-technologies": readonly string[];
    readonly "signal-quality": { readonly value: string };
  };
  readonly "3gpp": {
    readonly "operator-code": string;
    readonly "operator-name": string;
    readonly "registration-state": string;
    readonly imei: string;
  };
}

export interface Witness {
  readonly modem: SimulatedModem;
  readonly report: ModemReport;
  /** ModemManager's debug log. */
  readonly log: readonly string[];
}

/** Lets ModemManager find and enable a simulated modem with a plugin, until it is registered. */
export async function watchModem(plugin: string, options: SimulatedModemOptions = {}): Promise<Witness> {
  const children: ChildProcess[] = [];
  const modem = new SimulatedModem(options);
  const served = await serveTcp(modem, { tcpPort: 0 });
  try {
    const bus = await startBus(children);
    const name = `abstract:witness-${process.pid}-${plugin}`;
    children.push(
      spawn(
        tool("socat", "socat"),
        [`ABSTRACT-LISTEN:"${name.replace(":", "\\:")}",fork`, `TCP:127.0.0.1:${served.tcpPort}`],
        { stdio: "ignore" },
      ),
    );
    const log = startModemManager(bus, children);
    const report = await enable(plugin, name, bus);
    return { modem, report, log };
  } finally {
    for (const child of children.reverse()) await stop(child);
    await served.close();
  }
}

async function startBus(children: ChildProcess[]): Promise<NodeJS.ProcessEnv> {
  const bus = spawn(tool("dbus-daemon", "dbus-daemon"), ["--session", "--nofork", "--print-address"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(bus);
  const [address] = (await once(createInterface(bus.stdout), "line")) as [string];
  return { DBUS_SESSION_BUS_ADDRESS: address, DBUS_SYSTEM_BUS_ADDRESS: address };
}

function startModemManager(bus: NodeJS.ProcessEnv, children: ChildProcess[]): readonly string[] {
  const log: string[] = [];
  const daemon = spawn(
    tool("ModemManager", "modemmanager"),
    [
      "--test-session",
      "--no-auto-scan",
      "--test-enable",
      "--test-no-udev",
      `--test-plugin-dir=${pluginFolder()}`,
      "--debug",
    ],
    { env: { ...process.env, LC_ALL: "C", ...bus }, stdio: ["ignore", "pipe", "pipe"] },
  );
  children.push(daemon);
  for (const stream of [daemon.stdout, daemon.stderr]) {
    createInterface(stream).on("line", (line) => log.push(line));
  }
  return log;
}

/** Debian keeps the plugins in the library folder of the architecture. */
function pluginFolder(): string {
  const folders = readdirSync("/usr/lib").map((architecture) =>
    join("/usr/lib", architecture, "ModemManager"),
  );
  const found = folders.find((folder) => existsSync(join(folder, "libmm-plugin-quectel.so")));
  if (found === undefined) throw new Error("ModemManager has no plugins; install the package modemmanager");
  return found;
}

async function enable(plugin: string, portName: string, bus: NodeJS.ProcessEnv): Promise<ModemReport> {
  const gdbus = tool("gdbus", "libglib2.0-bin");
  const mmcli = tool("mmcli", "modemmanager");
  await must(gdbus, ["wait", "--session", "--timeout", "30", service], bus);
  const call = ["call", "--session", "--dest", service, "--object-path", rootObject];
  const profile = ["--method", `${service}.Test.SetProfile`, "witness", plugin, `['${portName}']`];
  await must(gdbus, [...call, ...profile], bus);
  await waitFor("a modem", () => reportOf(mmcli, bus));
  await must(mmcli, ["-m", "any", "--enable"], bus);
  return waitFor("registration with operator and signal", async () => {
    const report = await reportOf(mmcli, bus);
    const complete =
      report?.generic.state === "registered" &&
      report["3gpp"]["operator-name"] !== "--" &&
      Number(report.generic["signal-quality"].value) > 0;
    return complete ? report : undefined;
  });
}

async function reportOf(mmcli: string, bus: NodeJS.ProcessEnv): Promise<ModemReport | undefined> {
  const { code, output } = await run(mmcli, ["-m", "any", "-J"], { env: bus });
  if (code !== 0) return undefined;
  const { modem } = JSON.parse(output) as { readonly modem: ModemReport };
  return modem;
}

async function must(path: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { code, output } = await run(path, args, { env });
  if (code !== 0) throw new Error(`${path} ${args.join(" ")}: ${output}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}
