/** A token endpoint on loopback (RFC 6749), over real HTTPS. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { certificate, type CertificateName } from "./certificates";
import type { MailServerOptions } from "./mail-server";

/** What an endpoint answers. */
export type TokenAnswer = (request: IncomingMessage, form: URLSearchParams, response: ServerResponse) => void;

export const jsonAnswer =
  (status: number, body: unknown): TokenAnswer =>
  (_request, _form, response) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

/** An endpoint of the kind of those of Microsoft and Google: it keeps what it was asked. */
export class TokenServer {
  readonly asked: { readonly url: string; readonly host: string; readonly form: URLSearchParams }[] = [];
  /** The token that was issued last. */
  newest = "";
  answer: TokenAnswer | undefined;
  expiresIn: unknown = 3600;
  private readonly server: Server;

  private constructor(name: CertificateName) {
    this.server = createServer({ ...certificate(name), keepAlive: false }, (request, response) => {
      let body = "";
      request.on("data", (piece: Buffer) => (body += piece.toString()));
      request.on("end", () => {
        const form = new URLSearchParams(body);
        this.asked.push({ url: request.url ?? "", host: request.headers.host ?? "", form });
        if (this.answer !== undefined) return this.answer(request, form, response);
        this.newest = `canary-token-${this.asked.length}.${"x".repeat(1500)}`;
        jsonAnswer(200, { token_type: "Bearer", expires_in: this.expiresIn, access_token: this.newest })(
          request,
          form,
          response,
        );
      });
    });
    this.server.on("tlsClientError", () => undefined);
  }

  /** Starts one on 127.0.0.1. */
  static async start(name: CertificateName = "tokens"): Promise<TokenServer> {
    const made = new TokenServer(name);
    made.server.listen(0, "127.0.0.1");
    await once(made.server, "listening");
    return made;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Options of a mail server to which `user` logs in with the token that was issued last, and in no other way. */
  mailServer(user: string): MailServerOptions {
    const auth = { user, password: "none", token: () => this.newest };
    return { tls: "starttls", auth, authMethods: ["XOAUTH2"] };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
