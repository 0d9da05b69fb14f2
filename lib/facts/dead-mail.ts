/**
 * A mail that cannot go out: to an address that does not exist, at a server that does not exist (RFC 5737), over a PDP
 * context that is not active. It shows how a module behaves while a mail is in flight, for the time it waits.
 */
import { parseParameters } from "../at/command";
import { readPutResult } from "../quectel/commands/smtp";
import type { Asker } from "./asker";
import { inventedSettings, isPutResult, untilIdle } from "./put-questions";

/** The longest that a module is known to wait is 30 s; its own limit of the mail is 60 s. */
const RESULT_MS = 90_000;
const HIGHEST_CONTEXT = 16;

export type DeadMail =
  | {
      readonly kind: "ended";
      /** First number of the result line. */
      readonly error: number;
      /** Milliseconds from OK to the result line. */
      readonly ms: number;
    }
  | { readonly kind: "noResult" }
  | { readonly kind: "refused"; readonly why: string };

/** Sends it; `meanwhile` runs once QSMTPPUT has said OK. */
export async function sendDeadMail(
  asker: Asker,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<DeadMail> {
  const context = await inactiveContext(asker);
  if (context === undefined) return { kind: "refused", why: "all PDP contexts are active" };
  await inventedSettings(asker);
  await asker.ask('AT+QSMTPCFG="ssltype",0');
  const isReady =
    (await asker.accepts(`AT+QSMTPCFG="contextid",${context}`)) &&
    (await asker.accepts('AT+QSMTPDST=1,1,"facts@example.com"'));
  if (!isReady) return { kind: "refused", why: "its settings are refused" };
  const waiter = asker.module.expect(isPutResult);
  try {
    if (!(await asker.accepts("AT+QSMTPPUT=60"))) return { kind: "refused", why: "QSMTPPUT is refused" };
    const begun = asker.clock.now();
    waiter.start(RESULT_MS);
    const result = waiter.promise.then(
      (line) => ({ line, ms: asker.clock.now() - begun }),
      () => undefined,
    );
    await meanwhile();
    const came = await result;
    if (came === undefined) return { kind: "noResult" };
    asker.note(`${came.line} after ${Math.round(came.ms / 1000)} s`);
    return { kind: "ended", error: readPutResult(came.line)?.error ?? 0, ms: came.ms };
  } finally {
    waiter.cancel();
    await untilIdle(asker);
    await asker.clearMail();
  }
}

/** The highest context that is not active. */
async function inactiveContext(asker: Asker): Promise<number | undefined> {
  const reply = await asker.ask("AT+QIACT?");
  const active = new Set(
    reply.kind === "ok" ? reply.lines.map((line) => parseParameters(line).integer(0)) : [],
  );
  for (let id = HIGHEST_CONTEXT; id > 0; id--) if (!active.has(id)) return id;
  return undefined;
}
