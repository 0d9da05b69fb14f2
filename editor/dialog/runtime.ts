/** What the dialogs ask the runtime. */
import { explain, type Told } from "../shared/explain";
import { text } from "./texts";

/** What the runtime says when it refuses. */
export interface Refusal extends Told {
  readonly code: string;
  /** Name of the property that is the cause. */
  readonly property?: string;
}

/** A request that failed; `message` is a sentence for a person. */
export class RequestError extends Error {
  constructor(
    message: string,
    /** Undefined where the runtime did not answer. */
    readonly answer: Refusal | undefined,
  ) {
    super(message);
  }
}

/**
 * Calls the runtime; resolves with its answer, in the form that the endpoint in `nodes/runtime` gives it. Rejects with
 * a `RequestError`.
 */
export function call<Answer>(
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: object,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    $.ajax({
      url: `quectel-modem/${path}`,
      type: method,
      dataType: "json",
      ...(body === undefined ? {} : { data: JSON.stringify(body), contentType: "application/json" }),
    })
      .done(resolve)
      .fail((request) => {
        const { status, responseJSON } = request as { status: number; responseJSON?: Partial<Refusal> };
        const { code } = responseJSON ?? {};
        const answer = code === undefined ? undefined : { ...responseJSON, code };
        const sentence = text(status === 401 ? "lookUp.denied" : "lookUp.failed");
        const message = answer === undefined ? sentence : explain(answer).message;
        reject(new RequestError(message ?? sentence, answer));
      });
  });
}

/** Asks the runtime for a list. */
export function ask<Answer>(path: string): Promise<Answer> {
  return call("GET", path);
}
