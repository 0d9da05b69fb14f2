/**
 * AdminRoutes: endpoints of this package below `/quectel-modem/`, each behind a permission, answering in JSON.
 *
 * What reads is behind `quectel-modem.read`, what changes something or reaches the modem behind `quectel-modem.write`.
 * An answer that is undefined means that there is no such thing (404). A ModemError becomes its code, message and hint;
 * any other error goes to the log, and the browser learns only that something is wrong.
 *
 * Another web page in a person's browser gets nothing and does nothing: Node-RED 4 lets every page read its admin API and
 * send JSON to it, so that a login alone would protect these endpoints, and many a gateway has none.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { NodeAPI } from "node-red";
import { ERROR_TABLE, type ErrorCode, isModemError, SPECIAL_HINTS } from "../../../lib/errors";
import { PropertyError } from "../settings/options";

/** What an endpoint is asked; nothing about it is taken for granted. */
export interface AdminRequest {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Undefined for what was not sent as JSON. */
  readonly body: unknown;
}

/** An error in an answer. */
export interface ErrorView {
  /** `INTERNAL` for what is not a ModemError. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Name of the hint in the catalogs, `hints.<name>`; missing for one that only the message explains. */
  readonly hintKey?: string;
  /** Name of the property or credential to correct. */
  readonly property?: string;
}

type Answer = (request: AdminRequest) => unknown;

export class AdminRoutes {
  private hasToldOfOther = false;
  /** Whoever sends it in the header `quectel-page-key` has read an answer, which no browser lets another page do. */
  private readonly pageKey = randomUUID();

  constructor(private readonly RED: NodeAPI) {
    this.get("page-key", () => ({ key: this.pageKey }));
  }

  get(path: string, answer: Answer): void {
    this.add("get", path, "quectel-modem.read", answer);
  }

  post(path: string, answer: Answer): void {
    this.add("post", path, "quectel-modem.write", answer);
  }

  delete(path: string, answer: Answer): void {
    this.add("delete", path, "quectel-modem.write", answer);
  }

  private add(method: "get" | "post" | "delete", path: string, permission: string, answer: Answer): void {
    const { httpAdmin, auth, log } = this.RED;
    httpAdmin[method](`/quectel-modem/${path}`, auth.needsPermission(permission), (request, response) => {
      response.removeHeader("Access-Control-Allow-Origin");
      if (request.headers["quectel-page-key"] !== this.pageKey && isOfOtherPage(request)) {
        this.tellOfOther(request);
        response.status(403).json({});
        return;
      }
      // What the answer throws at once and what it rejects with end in the same place.
      const body: unknown = request.is("application/json") ? request.body : undefined;
      Promise.resolve({ params: request.params, query: request.query, body })
        .then(answer)
        .then(
          (found) => (found === undefined ? response.status(404).json({}) : response.json(found)),
          (error: unknown) => {
            if (!isModemError(error)) log.warn(`quectel-modem: ${method} ${path} failed: ${String(error)}`);
            response.status(statusOf(error)).json(errorView(error));
          },
        );
    });
  }

  /** Once: a page could fill the log. */
  private tellOfOther({ headers: { origin, host } }: IncomingMessage): void {
    if (this.hasToldOfOther) return;
    this.hasToldOfOther = true;
    const seen = [origin, host].map((name) => JSON.stringify(name ?? "unknown").slice(0, 100));
    this.RED.log.warn(
      `quectel-modem: refused a request made by another web page (origin ${seen[0]}, host ${seen[1]}). ` +
        "If it came from this editor behind a reverse proxy that changes the Host header, the editor still works.",
    );
  }
}

/**
 * True where the browser says that the page is not of this host (Fetch Metadata, RFC 6454). It says so by `Sec-Fetch-Site`
 * to https and localhost only, else by `Origin`. Whoever is logged in by a token got it from this Node-RED; the header alone
 * shows nothing, because Node-RED lets every page send it.
 */
function isOfOtherPage(request: IncomingMessage & { readonly user?: unknown }): boolean {
  const { "sec-fetch-site": site, origin, host, authorization = "" } = request.headers;
  if (/^Bearer /i.test(authorization) && isKnownUser(request.user)) return false;
  if (site !== undefined) return site === "cross-site" || site === "same-site";
  return origin !== undefined && !isAt(origin, host);
}

/** What Node-RED has made of the token; with `adminAuth.default` everybody is a user too. */
function isKnownUser(user: unknown): boolean {
  return typeof user === "object" && user !== null && !("anonymous" in user && user.anonymous === true);
}

/** True where `host` is that of `origin`; either may name the usual port of the scheme. */
function isAt(origin: string, host = ""): boolean {
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  const here = `${page.protocol}//${host}`;
  return URL.canParse(here) && new URL(here).host === page.host;
}

export function errorView(error: unknown): ErrorView {
  if (!isModemError(error)) {
    return {
      code: "INTERNAL",
      message: "Something went wrong in Node-RED",
      hint: SPECIAL_HINTS.internal,
      hintKey: "internal",
    };
  }
  const { code, message, hint } = error;
  const hintKey = hintKeyOf(code, hint);
  return {
    code,
    message,
    hint,
    ...(hintKey === undefined ? {} : { hintKey }),
    ...(error instanceof PropertyError ? { property: error.property } : {}),
  };
}

/** The name of a hint in the tables: the code, or that of a special circumstance; undefined for one of its own. */
export function hintKeyOf(code: ErrorCode | undefined, hint: string | undefined): string | undefined {
  if (code !== undefined && ERROR_TABLE[code].hint === hint) return code;
  return Object.entries(SPECIAL_HINTS).find(([, text]) => text === hint)?.[0];
}

function statusOf(error: unknown): number {
  if (!isModemError(error)) return 500;
  const { code } = error;
  if (code === "PORT_UNDER_TEST" || code === "MODEM_NOT_READY") return 409;
  if (code === "OUTBOX_NOT_FOUND") return 404;
  return /^(INVALID|LIMIT)_/.test(code) ? 400 : 500;
}
