/**
 * HTTPS over a stream that somebody else has opened: one form posted, one short answer. Certificates are always checked.
 *
 * No redirection is followed, and nothing is kept from one request to the next.
 */
import type { Duplex } from "node:stream";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { once } from "../../../async";
import { systemCode } from "../../../errors";

const https = once((): typeof import("node:https") => require("node:https"));
const tls = once((): typeof import("node:tls") => require("node:tls"));

export interface HttpsAnswer {
  readonly status: number;
  readonly body: string;
}

/** Bytes of an answer and of its headers; a token has some thousand. */
const LONGEST_ANSWER = 64 * 1024;
const LONGEST_HEADERS = 16 * 1024;

/** A failure of the connection, and why the server's certificate was refused, in the words of Node.js. */
export class HttpsFailure extends Error {
  constructor(
    cause: unknown,
    readonly distrust: string | undefined,
  ) {
    super(String(cause), { cause });
  }
}

/** Posts `form` to `url` over `stream`, which is destroyed. Rejects with `HttpsFailure`, or with the signal's reason. */
export async function post(
  url: URL,
  form: URLSearchParams,
  stream: Duplex,
  trust: ConnectionOptions,
  signal: AbortSignal,
): Promise<HttpsAnswer> {
  // A stream that breaks after the answer matters no more.
  stream.on("error", () => undefined);
  const secure = tls().connect({
    ...trust,
    rejectUnauthorized: true,
    // Without it the certificate of an address, which has no server name, would be compared with "localhost".
    host: hostOf(url),
    ALPNProtocols: ["http/1.1"],
    socket: stream,
  });
  secure.on("error", () => undefined);
  const onAbort = (): void => void stream.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await exchange(url, form.toString(), secure);
  } catch (cause) {
    signal.throwIfAborted();
    throw new HttpsFailure(cause, systemCode(secure.authorizationError));
  } finally {
    signal.removeEventListener("abort", onAbort);
    secure.destroy();
    stream.destroy();
  }
}

function exchange(url: URL, body: string, secure: TLSSocket): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const request = https().request(
      url,
      {
        method: "POST",
        createConnection: () => secure,
        // Without an agent it would be that of HTTP, and stand in the header Host.
        defaultPort: 443,
        maxHeaderSize: LONGEST_HEADERS,
        headers: {
          "Content-Type": "application/x-www-form-urlencoded",
          "Content-Length": Buffer.byteLength(body),
          Accept: "application/json",
          Connection: "close",
        },
      },
      (response) => {
        const pieces: Buffer[] = [];
        let length = 0;
        response.on("data", (piece: Buffer) => {
          length += piece.length;
          if (length <= LONGEST_ANSWER) return void pieces.push(piece);
          // Whether an end follows that was there already depends on the version of Node.js.
          reject(new Error("the answer is too long"));
          request.destroy();
        });
        response.on("error", reject);
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString("utf8") });
        });
      },
    );
    request.on("error", reject);
    request.on("close", () => reject(new Error("the connection ended before the answer")));
    request.end(body);
  });
}

/** The name or address alone; that of IPv6 stands in brackets in an URL. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}
