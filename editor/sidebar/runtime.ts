/** What the sidebar asks the runtime, and what a person is told when that fails. */
import type { LeftView } from "../../nodes/runtime/sidebar/left-mails";
import { explain } from "../shared/explain";
import { request, RequestError } from "../shared/request";
import { text } from "./dom";

const ROOT = "modems";

/** Resolves with the answer in the form of `nodes/runtime/sidebar/endpoints.ts`; rejects with a `RequestError`. */
export function ask<Answer>(path: string, body?: object): Promise<Answer> {
  const method = body === undefined ? "GET" : "POST";
  return request(path === "" ? ROOT : `${ROOT}/${path}`, { method, body, cache: false });
}

/** The mails of modems that are gone, after something was done about them where there is a `body`. */
export function askLeft(body?: object): Promise<readonly LeftView[]> {
  return request("left", { method: body === undefined ? "GET" : "POST", body, cache: false });
}

/** What a person is told of a request that failed. */
export function complaint(error: unknown): string {
  if (!(error instanceof RequestError)) return text("problem.noAnswer");
  const { status, refusal } = error;
  if (status === 401 || status === 403) return text("problem.denied");
  if (refusal.code === undefined) return text("problem.noAnswer");
  const { message, hint } = explain(refusal);
  return message && hint ? text("problem.refused", { message, hint }) : message || hint || "";
}
