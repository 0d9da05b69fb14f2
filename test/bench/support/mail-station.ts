/**
 * A process of its own with a mail server and a simulated module behind TCP, so that their work is not measured along.
 *
 * Started by `startMailStation`; run as a program it tells its ports to the parent and ends with it.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { SimulatedModem } from "../../../lib/simulator";
import { serveTcp } from "../../../lib/simulator/serve/tcp-server";
import { MailServer } from "../../support/mail-server";

export interface MailStation {
  /** Port of the module's AT commands. */
  readonly modemPort: number;
  readonly smtpPort: number;
  stop(): void;
}

type Ports = Omit<MailStation, "stop">;

export async function startMailStation(): Promise<MailStation> {
  const child = fork(__filename, { execArgv: ["--import", "tsx"] });
  const [ports] = (await once(child, "message")) as [Ports];
  return { ...ports, stop: () => void child.kill() };
}

async function serve(): Promise<Ports> {
  const server = await MailServer.start();
  const { tcpPort } = await serveTcp(new SimulatedModem(), { tcpPort: 0 });
  return { modemPort: tcpPort, smtpPort: server.port };
}

if (require.main === module) {
  process.once("disconnect", () => process.exit());
  void serve().then((ports) => process.send?.(ports));
}
