/** A request to the runtime, as the dialogs and the sidebar make it; what a person is told when it fails is up to them. */
import type { Told } from "./explain";

/** What the runtime says when it refuses; without a code where it did not answer. */
export interface Refusal extends Told {
  /** Name of the property that is the cause. */
  readonly property?: string;
}

/** A request that failed. */
export class RequestError extends Error {
  constructor(
    /** Of HTTP; 0 without an answer. */
    readonly status: number,
    readonly refusal: Refusal,
  ) {
    super(`HTTP status ${status}`);
  }
}

export interface RequestOptions {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: object | undefined;
  /** False: the browser must not answer from its cache. */
  readonly cache?: boolean;
}

/**
 * Resolves with the answer, in the form that the endpoint in `nodes/runtime` gives it. Rejects with a `RequestError`.
 *
 * Behind a reverse proxy that changes the Host header, the runtime takes this page for another one and refuses it; then
 * the page shows that it can read an answer (`nodes/runtime/admin/admin-routes.ts`).
 */
export async function request<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  try {
    return await send(path, options);
  } catch (error) {
    if (!(error instanceof RequestError && error.status === 403)) throw error;
    const { key } = await send<{ readonly key: string }>("page-key", { cache: false });
    return send(path, options, { "quectel-page-key": key });
  }
}

function send<Answer>(
  path: string,
  { method = "GET", body, cache = true }: RequestOptions,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    $.ajax({
      url: `quectel-modem/${path}`,
      method,
      cache,
      headers,
      dataType: "json",
      ...(body === undefined ? {} : { data: JSON.stringify(body), contentType: "application/json" }),
    })
      .done(resolve)
      .fail((answer) => {
        const { status, responseJSON } = answer as { status: number; responseJSON?: Refusal };
        reject(new RequestError(status, responseJSON ?? {}));
      });
  });
}
