/**
 * Another host on a port of its own: it clears, fills and sends the module's one mail in one go, and our port gets its
 * result, because results go where the module was told to send them.
 *
 * Two hosts that fill the one mail at the same time spoil it without a sign. So it sends while our host has no mail
 * under way, until that has noticed it; from then on whenever the module is free.
 */
import type { SimulatedModem } from "../../../lib/simulator";
import { emptyContent, smtpClient } from "../../../lib/simulator/delivery/smtp-state";

export class OtherHost {
  /** Our host has begun a mail whose result is still to come; and this one is in flight. */
  private isUnderWay = false;
  private isInFlight = false;

  constructor(
    private readonly module: SimulatedModem,
    private readonly isNoticed: () => boolean,
  ) {
    module.log.follow((entry) => {
      if (entry.kind === "line" && entry.text === "AT+QSMTPCLR") this.isUnderWay = true;
      if (entry.kind === "line" && entry.text.startsWith("AT+QSMTPPUT=")) this.isInFlight = true;
      if (entry.kind === "urc" && entry.text.startsWith("+QSMTPPUT:")) this.over();
    });
    module.on("started", () => this.over());
  }

  /** A module sends one mail at a time: while the result of ours is to come, it has none of another. */
  get mayBeHeard(): boolean {
    return !this.isInFlight && smtpClient(this.module).activity !== "sending";
  }

  /** Sends a mail, unless the module does not run, is busy, or our host must not be disturbed yet. */
  send(recipient: string, airMs: number, arrived: () => void): void {
    const { module } = this;
    const line = module.open("uart1", { received: () => undefined, vanished: () => undefined });
    if (typeof line === "string") return;
    line.close();
    const client = smtpClient(module);
    if (client.activity !== "idle" || !this.mayBeHeard || (this.isUnderWay && !this.isNoticed())) return;
    client.activity = "sending";
    client.content = { ...emptyContent(), recipients: [{ type: 1, address: recipient }] };
    module.background(async () => {
      await module.wait(airMs);
      arrived();
      client.activity = "idle";
      module.raiseUrc("+QSMTPPUT: 0,0");
    });
  }

  private over(): void {
    this.isUnderWay = false;
    this.isInFlight = false;
  }
}
