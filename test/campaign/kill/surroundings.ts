/**
 * What lives on when a gateway is killed, as in a plant: the module (simulated, behind a TCP port) with the mail it is
 * sending, and the mail server.
 */
import { delay } from "../../../lib/clock";
import { SimulatedModem } from "../../../lib/simulator";
import { smtpClient } from "../../../lib/simulator/delivery/smtp-state";
import { serveTcp } from "../../../lib/simulator/serve/tcp-server";
import type { Delivered } from "../../support/fake-mailer";
import { MailServer } from "../../support/mail-server";
import { quickClock } from "./clock";
import { Flights } from "./flights";

/** Milliseconds that a mail is in flight: between QSMTPPUT or the end of the message and the result is where kills hurt. */
const IN_FLIGHT = 3_000;

/** Bytes; more than any has. */
const LARGEST_MAIL = 1_000_000;

/** A copy of a mail as its recipients have it. */
export interface Arrived extends Pick<Delivered, "subject" | "recipients" | "isMarked"> {
  readonly messageId: string;
}

export class Surroundings {
  private constructor(
    private readonly module: SimulatedModem,
    private readonly port: Awaited<ReturnType<typeof serveTcp>>,
    private readonly server: MailServer,
    /** Of the mails by socket; those of the module's client are there as well. */
    readonly flights: Flights,
  ) {}

  /**
   * The server refuses one recipient for good, and one mail in ten for now. It thinks about each mail, and takes it even
   * if its client has gone meanwhile.
   */
  static async start(random: () => number): Promise<Surroundings> {
    const refuse = {
      get mail() {
        return random() < 0.1 ? 451 : undefined;
      },
      rcpt: { "unknown@example.com": 550 },
    };
    const flights = new Flights();
    const server = await MailServer.start({
      refuse: refuse as { mail: number },
      pause: () => delay(quickClock, IN_FLIGHT / 2),
      // Without it no client says how long its message is.
      size: LARGEST_MAIL,
      follow: flights.follow,
    });
    const module = new SimulatedModem({ clock: quickClock, timing: { airMs: IN_FLIGHT } });
    return new Surroundings(module, await serveTcp(module, { tcpPort: 0 }), server, flights);
  }

  get ports(): { readonly modulePort: number; readonly serverPort: number } {
    return { modulePort: this.port.tcpPort, serverPort: this.server.port };
  }

  /** A mail is between QSMTPPUT or MAIL and its result. */
  get isMailInFlight(): boolean {
    return this.isModuleSending || this.flights.begun > 0;
  }

  /** Only module and server know what becomes of it: it is after QSMTPPUT, or its last kilobyte has begun to arrive. */
  get isMailInDoubt(): boolean {
    return this.isModuleSending || this.flights.marked > 0;
  }

  private get isModuleSending(): boolean {
    return smtpClient(this.module).activity === "sending";
  }

  /** A mail in flight may have arrived or not; its result never comes. */
  restartModule(kind: "restart" | "powerLoss"): void {
    this.module.restart(kind);
  }

  /** What the server has accepted so far. */
  delivered(): readonly Arrived[] {
    return this.server.received.map(({ parsed, to }) => ({
      messageId: parsed.messageId ?? "",
      subject: parsed.subject ?? "",
      recipients: to,
      isMarked: /Possible duplicate, id \w+\./.test(parsed.text ?? ""),
    }));
  }

  async end(): Promise<void> {
    this.module.powerOff();
    await this.port.close();
    await this.server.stop();
  }
}
