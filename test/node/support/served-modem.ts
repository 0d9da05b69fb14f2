/**
 * A simulated module behind a TCP port, as a serial-over-IP server serves it: the nodes reach it by their own transport,
 * and a test sees what came over the wire and changes what surrounds the module.
 */
import { internet, SimulatedModem, type SimulatedModemOptions } from "../../../lib/simulator";
import { serveTcp } from "../../../lib/simulator/serve/tcp-server";
import { modemNode, type FlowNode } from "./flow-bench";

/** The name that the test certificate `server` holds. */
export const MAIL_HOST = "mail.example.com";

export class ServedModem {
  private constructor(
    readonly module: SimulatedModem,
    private readonly served: Awaited<ReturnType<typeof serveTcp>>,
  ) {}

  static async start(options: Omit<SimulatedModemOptions, "clock" | "busy"> = {}): Promise<ServedModem> {
    const module = new SimulatedModem(options);
    module.state(internet).hosts = { [MAIL_HOST]: "127.0.0.1" };
    return new ServedModem(module, await serveTcp(module, { tcpPort: 0 }));
  }

  /** The modem node for it, as its dialog saves it, for the mail server on `mailPort`. */
  node(mailPort: number, change: object = {}): FlowNode {
    return modemNode(mailPort, {
      transport: "tcp",
      tcpHost: "127.0.0.1",
      tcpPort: String(this.served.tcpPort),
      smtpHost: MAIL_HOST,
      ...change,
    });
  }

  /** Command lines received that begin so, in order. */
  lines(begin = "AT"): readonly string[] {
    return this.module.log.lines().filter((line) => line.startsWith(begin));
  }

  /** Whether nobody has the port: who looks has it for a moment. */
  get isFree(): boolean {
    const line = this.module.open("usbat", { received: () => undefined, vanished: () => undefined });
    if (typeof line === "string") return false;
    line.close();
    return true;
  }

  stop(): Promise<void> {
    return this.served.close();
  }
}
