/**
 * ServerCheck: one session with the mail server that sends no mail, for a diagnosis: encryption, then login, then goodbye.
 *
 * The caller holds the mail lock, and has seen to it that the module is connected to its network.
 */
import { copyOf, isModemError } from "../../errors";
import type { Modem } from "../../quectel/connection/modem";
import type { ServerSession } from "../../quectel/diagnosis/diagnosis-report";
import { found } from "../../quectel/diagnosis/findings";
import type { ModuleClock } from "../../quectel/network/module-clock";
import type { SmtpSettings } from "../../quectel/settings";
import type { ModuleSockets } from "../../quectel/sockets/module-sockets";
import { Dialogue } from "./dialogue";
import { loadConnection } from "./nodemailer";
import { Login } from "./login";
import { isDateError, sessionError } from "./smtp-error";
import { trustOf } from "./trust";

export interface ServerCheckOptions {
  readonly modem: Modem;
  readonly moduleClock: ModuleClock;
  readonly sockets: ModuleSockets;
  readonly settings: SmtpSettings;
}

export class ServerCheck implements ServerSession {
  private dialogue: Dialogue | undefined;
  private readonly by: Login;

  constructor(private readonly options: ServerCheckOptions) {
    this.by = new Login(options);
  }

  async encrypt(signal: AbortSignal): Promise<string> {
    const { modem, settings, sockets } = this.options;
    const { host, port, security } = settings;
    const trust = security === "none" ? {} : trustOf(settings);
    const { contextId } = modem.options.network;
    // Before there is a socket that its failure would leave open.
    loadConnection();
    const socket = await sockets.connect({ contextId, host, port }, signal);
    const dialogue = new Dialogue(socket, { clock: modem.clock, settings, trust });
    this.dialogue = dialogue;
    await this.step(dialogue, signal, () => dialogue.greet());
    const { tls } = dialogue;
    if (tls === undefined) return found("noEncryption");
    return found(settings.tls.verify ? "trusted" : "notVerified", { version: tls.version });
  }

  async login(signal: AbortSignal): Promise<boolean> {
    const { dialogue } = this;
    if (dialogue === undefined || dialogue.isOver) return false;
    await this.step(dialogue, signal, async () => {
      await this.by.ready(signal);
      await this.by.into(dialogue, signal);
    });
    return true;
  }

  async end(): Promise<void> {
    await this.dialogue?.quit();
    this.dialogue = undefined;
    await this.options.sockets.settled();
  }

  /** Rejects with what a failure of the step means to a person, or with the reason of the signal. */
  private async step(dialogue: Dialogue, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const onAbort = (): void => dialogue.destroy();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (signal.aborted) onAbort();
      await work();
    } catch (cause) {
      signal.throwIfAborted();
      throw await this.explained(dialogue, cause);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  private async explained(dialogue: Dialogue, cause: unknown): Promise<Error> {
    const { modem, moduleClock, settings } = this.options;
    if (isModemError(cause)) return copyOf(cause, { stage: cause.stage ?? dialogue.stage });
    const broken = dialogue.explain(cause);
    const networkTime = isDateError(broken) ? await moduleClock.network().catch(() => undefined) : undefined;
    return sessionError(broken, {
      stage: dialogue.stage,
      settings: { ...settings, secrets: this.by.secrets },
      hasOwnSender: false,
      hostTime: modem.clock.wall(),
      networkTime,
    });
  }
}
