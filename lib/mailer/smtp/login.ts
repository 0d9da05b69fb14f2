/**
 * Login: how a session logs in, by password or by a token (XOAUTH2).
 *
 * A token is fetched before the session is opened. One that the server refuses may only have ended early, so it is
 * replaced by a fresh one, once.
 */
import { ModemError } from "../../errors";
import type { Modem } from "../../quectel/connection/modem";
import type { ModuleClock } from "../../quectel/network/module-clock";
import type { SmtpSettings } from "../../quectel/settings";
import type { ModuleSockets } from "../../quectel/sockets/module-sockets";
import type { Dialogue } from "./dialogue";
import { type Token, TokenSource } from "./oauth/token-source";
import { isRefusal, loginNotOffered, tlsError } from "./smtp-error";
import { trustOf } from "./trust";

export interface LoginOptions {
  readonly modem: Modem;
  readonly moduleClock: ModuleClock;
  readonly sockets: ModuleSockets;
  readonly settings: SmtpSettings;
}

export class Login {
  private readonly tokens: TokenSource | undefined;
  private token: Token | undefined;

  constructor(private readonly options: LoginOptions) {
    const { modem, moduleClock, sockets, settings } = options;
    const { tokens: login, user } = settings;
    const { contextId } = modem.options.network;
    // A root that was chosen by its name is that of the mail server; a pasted certificate may be that of any server.
    const { root } = settings.tls;
    const tls = {
      ...settings.tls,
      verify: true,
      root: root.from === "pem" ? root : ({ from: "auto" } as const),
    };
    this.tokens =
      login === undefined
        ? undefined
        : new TokenSource({
            clock: modem.clock,
            login,
            user,
            connect: (host, port, signal) => sockets.connect({ contextId, host, port }, signal),
            trust: (host) => trustOf({ host, tls }),
            networkTime: (signal) => moduleClock.network(signal).catch(() => undefined),
            tlsError,
          });
  }

  /** What of this login no reply may show, besides user and password. */
  get secrets(): readonly string[] {
    const { token } = this;
    return token === undefined ? [] : [token.value, xoauth2(this.options.settings.user, token.value)];
  }

  /** Gets a token where one is needed; to be called before the session is opened. Rejects as `TokenSource.get`. */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.tokens === undefined) return;
    this.token = await this.tokens.get(signal);
    await this.options.sockets.settled();
  }

  /** Logs in. Rejects with what broke the session, or with why there is no token. */
  async into(dialogue: Dialogue, signal: AbortSignal): Promise<void> {
    const { user, password } = this.options.settings;
    const { token, tokens } = this;
    if (tokens === undefined || token === undefined) {
      if (user === "" && password === "") return;
      // A password is not sent to somebody who has not asked for it.
      if (!dialogue.takesLogin) throw loginNotOffered();
      await dialogue.login();
      return;
    }
    try {
      await this.handOver(dialogue, token);
    } catch (cause) {
      if (!isRefusal(cause)) throw cause;
      tokens.drop();
      if (token.isFresh) throw cause;
      if (dialogue.isOver) throw endedEarly();
      this.token = await tokens.get(signal);
      if (dialogue.isOver) throw endedEarly();
      await this.handOver(dialogue, this.token);
    }
  }

  private async handOver(dialogue: Dialogue, { value }: Token): Promise<void> {
    const isOffered =
      dialogue.takesLogin && (await dialogue.loginBy(xoauth2(this.options.settings.user, value)));
    if (!isOffered) throw loginNotOffered("token");
  }
}

/** The next session has a fresh token. */
function endedEarly(): ModemError {
  return new ModemError("SMTP_CLOSED_BY_SERVER", {
    modemCode: null,
    stage: "login",
    detail: "the server rejected a cached token",
  });
}

/** The initial response of XOAUTH2, as Google and Microsoft describe it. */
function xoauth2(user: string, token: string): string {
  return Buffer.from(`user=${user}\u0001auth=Bearer ${token}\u0001\u0001`).toString("base64");
}
