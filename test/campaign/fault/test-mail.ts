/**
 * A test mail, as a person sends one from the modem's dialog: the outbox lends the port, a mail goes out by a connection
 * of its own, the port goes back. Put together as the nodes do it; where it keeps its notes is the nodes' business.
 */
import { settled } from "../../../lib/quectel/connection/modem-state";
import type { Clock } from "../../../lib/clock";
import type { Mailer } from "../../../lib/mailer/mailer";
import { Modem } from "../../../lib/quectel/connection/modem";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import { memoryStore, type KeyValueStore } from "../../../lib/quectel/key-value-store";
import type { Logger, NetworkSettings, SmtpSettings } from "../../../lib/quectel/settings";
import type { TransportFactory } from "../../../lib/serial/transport";
import type { LeasePurpose, PortLease } from "../../../nodes/runtime/modem/port-lease";
import { gatewayMailer } from "./gateway-mailer";
import { ProcessLeases } from "./process-leases";
import type { Charset } from "./letters";

export interface TestMailOptions {
  /** Borrows the port from the modem of the flows. */
  readonly lease: (signal: AbortSignal, purpose: LeasePurpose) => Promise<PortLease>;
  readonly way: "module" | "socket";
  readonly transport: TransportFactory;
  readonly clock: Clock;
  readonly network: NetworkSettings;
  readonly smtp: SmtpSettings;
  readonly charset: Charset;
  /** Of the modem that lends its port: the number of test mails stands there. */
  readonly store: KeyValueStore;
  readonly log: Logger;
  readonly port: "usbat" | "usbmodem";
}

/** What the person is told. */
export type TestMailEnd = "sent" | "not sent" | "unknown";

export class TestMail {
  private readonly stopping = new AbortController();
  private mailer: Mailer | undefined;
  private running: Promise<TestMailEnd> | undefined;
  private readonly leases = new ProcessLeases();

  constructor(private readonly options: TestMailOptions) {}

  /** Never rejects. */
  run(recipient: string, cancelled: AbortSignal): Promise<TestMailEnd> {
    this.running = this.borrowed(recipient, AbortSignal.any([cancelled, this.stopping.signal])).catch(
      () => "not sent" as const,
    );
    return this.running;
  }

  /** The flows are stopped; resolves when the port is back. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error("deployed"));
    await this.running;
  }

  /** Its process is gone. */
  die(): void {
    this.stopping.abort(new Error("dead"));
    this.mailer?.close();
    this.leases.die();
  }

  private async borrowed(recipient: string, signal: AbortSignal): Promise<TestMailEnd> {
    const recall = (): void => this.stopping.abort(new Error("recalled"));
    const portLease = await this.options.lease(signal, { isForMail: true, recall });
    try {
      return await this.sent(recipient, signal);
    } finally {
      void portLease.giveBack();
    }
  }

  private async sent(recipient: string, signal: AbortSignal): Promise<TestMailEnd> {
    const { transport, clock, network, smtp, charset, store, log, port } = this.options;
    const modem = new Modem({ transport, clock, network, log, random: () => 0.5, urcPort: async () => port });
    this.leases.watch(modem.lock);
    const pdp = new PdpContext(modem, network);
    const mailer = gatewayMailer(this.options.way, {
      modem,
      pdp,
      store: memoryStore(),
      testNotes: store,
      smtp,
      charset,
      bccMode: "private",
      lateNote: 0,
    });
    this.mailer = mailer;
    try {
      modem.acquire();
      await settled(modem, signal, 3);
      const mail = {
        id: `test-${recipient}`,
        unique: "0123456789abcdef0123456789abcdef",
        raisedAt: clock.wall(),
        from: undefined,
        to: [recipient],
        cc: [],
        bcc: [],
        subject: "Test",
        text: "This is a test mail.",
        attachments: [],
      };
      const envelope = { to: [recipient], cc: [], bcc: [] };
      const prepared = await mailer.prepare(
        { mail, envelope },
        { signal, ageMs: 0, possibleDuplicate: false },
      );
      if (prepared.kind !== "prepared") return "not sent";
      if (signal.aborted) {
        await prepared.abandon();
        return "not sent";
      }
      const outcome = await prepared.commit(signal);
      const [state] = outcome.recipients.map((one) => one.state);
      return state === "accepted" ? "sent" : outcome.open ? "unknown" : "not sent";
    } finally {
      mailer.close();
      pdp.close();
      await modem.close();
    }
  }
}
