/** What the sidebar asks the runtime, and what a person is told when that fails. */
import { explain, type Told } from "../shared/explain";
import { text } from "./dom";

const ROOT = "quectel-modem/modems";

/** A request that failed. */
export class RequestFailure extends Error {
  constructor(
    /** Of HTTP; 0 without an answer. */
    readonly status: number,
    /** What the runtime said; without a code where it did not answer. */
    readonly told: Told,
  ) {
    super(`HTTP status ${status}`);
  }
}

/** Resolves with the answer in the form of `nodes/runtime/sidebar/endpoints.ts`; rejects with a `RequestFailure`. */
export function request<Answer>(path: string, body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    $.ajax({
      url: path === "" ? ROOT : `${ROOT}/${path}`,
      dataType: "json",
      cache: false,
      ...(body === undefined
        ? {}
        : { method: "POST", contentType: "application/json", data: JSON.stringify(body) }),
    })
      .done(resolve)
      .fail((answer) => {
        const { status, responseJSON } = answer as { status: number; responseJSON?: Told };
        reject(new RequestFailure(status, responseJSON ?? {}));
      });
  });
}

/** What a person is told of a request that failed. */
export function complaint(error: unknown): string {
  if (!(error instanceof RequestFailure)) return text("problem.noAnswer");
  const { status, told } = error;
  if (status === 401 || status === 403) return text("problem.denied");
  if (told.code === undefined) return text("problem.noAnswer");
  const { message, hint } = explain(told);
  return [message, hint].filter((part) => part).join(". ");
}
