/**
 * TokenSource: access tokens for the login (RFC 6749), fetched over a connection of the module and kept in memory only.
 *
 * A token is renewed a minute before it ends. What the endpoint says is read with care: it is short, it is shown as one
 * line without a secret, and only what has the form of a token is one (RFC 6750 section 2.1).
 */
import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import { limited } from "../../../async";
import type { Clock } from "../../../clock";
import { copyOf, isModemError, ModemError } from "../../../errors";
import type { TokenLogin } from "../../../quectel/settings";
import { shownWords } from "../../server-words";
import { hostOf, HttpsFailure, post, type HttpsAnswer } from "./https-post";
import { tokenRequest } from "./token-request";

export interface TokenSourceOptions {
  readonly clock: Clock;
  readonly login: TokenLogin;
  /** The mailbox. */
  readonly user: string;
  /** Opens a connection through the module. Rejects as `ModuleSockets.connect`. */
  readonly connect: (host: string, port: number, signal: AbortSignal) => Promise<Duplex>;
  /** Whom to believe to be the endpoint. */
  readonly trust: (host: string) => ConnectionOptions;
  /** The network's time, milliseconds since 1970; undefined where it is not known. */
  readonly networkTime: (signal: AbortSignal) => Promise<number | undefined>;
  /** The error of an encrypted connection that could not be had, `who` in front of its detail; undefined for another reason. */
  readonly tlsError: (
    distrust: string | undefined,
    cause: unknown,
    times: { readonly hostTime: number; readonly networkTime: number | undefined },
    elsewhere: { readonly stage: string; readonly who: string },
  ) => ModemError | undefined;
}

export interface Token {
  /** Secret. */
  readonly value: string;
  /** Fetched for this login, and so not refused because it has ended. */
  readonly isFresh: boolean;
}

interface Kept {
  readonly value: string;
  /** Milliseconds of the monotonic clock. */
  readonly until: number;
}

/** Milliseconds for one request, the connection included. */
const REQUEST_MS = 120_000;
/** Milliseconds before its end from which on a token is not used any more. */
const MARGIN_MS = 60_000;
/** No token is kept longer, whatever the endpoint says. */
const LONGEST_MS = 24 * 3600_000;
const LONGEST_TOKEN = 16 * 1024;
const LONGEST_WORDS = 300;
/** RFC 6750 section 2.1, and what must not end a command line. */
const TOKEN = /^[A-Za-z0-9._~+/=|-]+$/;
/** Errors of RFC 6749 sections 4.1.2.1 and 5.2 that are temporary. */
const PASSING = new Set(["temporarily_unavailable", "server_error", "slow_down"]);

export class TokenSource {
  private kept: Kept | undefined;

  constructor(private readonly options: TokenSourceOptions) {}

  /** A token, kept or fetched. Rejects with `SMTP_TOKEN_*`, `SOCKET_*`, `SMTP_TLS_*`, or with the signal's reason. */
  async get(signal: AbortSignal): Promise<Token> {
    const { clock } = this.options;
    const { kept } = this;
    if (kept !== undefined && clock.now() < kept.until) return { value: kept.value, isFresh: false };
    this.kept = undefined;
    const begun = clock.now();
    const { value, seconds } = await this.fetch(signal);
    const ms = Math.min(seconds * 1000, LONGEST_MS);
    this.kept = { value, until: begun + ms - MARGIN_MS };
    return { value, isFresh: true };
  }

  /** The mail server has refused the token that is kept. */
  drop(): void {
    this.kept = undefined;
  }

  private async fetch(signal: AbortSignal): Promise<{ readonly value: string; readonly seconds: number }> {
    const { clock, login, user, connect, trust, networkTime } = this.options;
    const network = login.kind === "google" ? await networkTime(signal) : undefined;
    const { url, form } = tokenRequest(login, user, network ?? clock.wall());
    const port = url.port === "" ? HTTPS_PORT : Number(url.port);
    const late = new ModemError("SMTP_TOKEN_FAILED", {
      stage: "token",
      detail: `${url.hostname} did not answer within ${REQUEST_MS / 1000} s`,
    });
    try {
      const answer = await limited(
        clock,
        REQUEST_MS,
        signal,
        async (ends) => {
          const host = hostOf(url);
          const stream = await connect(host, port, ends);
          return post(url, form, stream, trust(host), ends);
        },
        late,
      );
      return readAnswer(answer, url.hostname, secretsOf(form));
    } catch (cause) {
      signal.throwIfAborted();
      throw await this.explained(cause, url.hostname, signal);
    }
  }

  /** What a failure means, with the name of the endpoint, which is another server than that of the mails. */
  private async explained(cause: unknown, host: string, signal: AbortSignal): Promise<ModemError> {
    if (isModemError(cause)) {
      return cause.stage === "token"
        ? cause
        : new ModemError(cause.code, {
            cause: copyOf(cause),
            modemCode: cause.modemCode ?? null,
            stage: "token",
            hint: cause.hint,
            class: cause.class,
            detail: `token endpoint ${host}`,
          });
    }
    if (cause instanceof HttpsFailure) {
      const { clock, networkTime, tlsError } = this.options;
      const times = { hostTime: clock.wall(), networkTime: await networkTime(signal).catch(() => undefined) };
      const error = tlsError(cause.distrust, cause.cause, times, {
        stage: "token",
        who: `token endpoint ${host}: `,
      });
      if (error !== undefined) return error;
    }
    return new ModemError("SMTP_TOKEN_FAILED", { cause, stage: "token", detail: `no answer of ${host}` });
  }
}

const HTTPS_PORT = 443;

/** The secrets of a request, as they are and as the form encodes them. */
function secretsOf(form: URLSearchParams): readonly string[] {
  return ["client_secret", "assertion"].flatMap((name) => {
    const value = form.get(name) ?? "";
    const coded = new URLSearchParams({ value }).toString().slice("value=".length);
    return [value, coded, encodeURIComponent(value)];
  });
}

/** RFC 6749 sections 5.1 and 5.2. @throws SMTP_TOKEN_REFUSED, SMTP_TOKEN_FAILED */
function readAnswer(
  { status, body }: HttpsAnswer,
  host: string,
  secrets: readonly string[],
): { readonly value: string; readonly seconds: number } {
  const fields = objectIn(body);
  const textOf = (name: string): string => {
    const value = fields?.[name];
    return typeof value === "string" ? value : "";
  };
  const value = textOf("access_token");
  if (status === 200 && value.length <= LONGEST_TOKEN && TOKEN.test(value)) {
    const seconds = Number(fields?.["expires_in"]);
    return { value, seconds: Number.isFinite(seconds) && seconds > 0 ? seconds : 0 };
  }
  const reason = textOf("error");
  const words = [reason, textOf("error_description")].filter((part) => part !== "").join(": ");
  const isPassing =
    status === 200 || status === 408 || status === 429 || status >= 500 || PASSING.has(reason);
  const said =
    words === ""
      ? `answered ${status} without a token`
      : `said ${JSON.stringify(shownWords(words, secrets, LONGEST_WORDS))}`;
  throw new ModemError(isPassing ? "SMTP_TOKEN_FAILED" : "SMTP_TOKEN_REFUSED", {
    stage: "token",
    detail: `${host} ${said}`,
  });
}

function objectIn(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
