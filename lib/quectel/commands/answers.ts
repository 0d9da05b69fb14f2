/** What the command constructors share in reading answers. */
import { parseParameters, type Parameters, type Response } from "../../at/command";
import { ModemError } from "../../errors";

/** The parameters of the first line of information text; throws MODEM_ANSWER when there is none. */
export function firstParameters(response: Response): Parameters {
  return parseParameters(firstLine(response));
}

/** The first line of information text; throws MODEM_ANSWER when there is none. */
export function firstLine(response: Response): string {
  const line = response.lines[0];
  if (line === undefined) throw notUnderstood("no information text");
  return line;
}

/** `value`, or MODEM_ANSWER when the answer did not hold it. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw notUnderstood(`${what} is missing`);
  return value;
}

function notUnderstood(detail: string): ModemError {
  return new ModemError("MODEM_ANSWER", { detail });
}
