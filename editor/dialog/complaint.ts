/** What a person is told in a dialog when a request to the runtime failed. */
import { explain } from "../shared/explain";
import { RequestError } from "../shared/request";
import { text } from "./texts";

export function complaint(error: unknown): string {
  if (!(error instanceof RequestError)) return error instanceof Error ? error.message : String(error);
  const { status, refusal } = error;
  const noAnswer = text(status === 401 || status === 403 ? "lookUp.denied" : "lookUp.failed");
  return refusal.code === undefined ? noAnswer : (explain(refusal).message ?? noAnswer);
}
