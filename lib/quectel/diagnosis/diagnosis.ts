/**
 * Diagnosis: walks the way of a mail from the port to the login and tells a person where it ends.
 *
 *   port ─> AT ─> SIM ─> registration ─> signal ─> APN ─> PDP ─> clock ─> DNS ─> server ─> TLS ─> login
 *
 * It does nothing that a mail would not do: the context is activated and the clock set, nothing is restarted, no mail
 * is sent, and no PIN is sent beyond what the supervisor does anyway. The steps are in `diagnosis-steps.ts`.
 */
import {
  failure,
  type DiagnosisContext,
  type DiagnosisReport,
  type DiagnosisStep,
  type StepName,
  type StepReport,
} from "./diagnosis-report";
import { settled } from "../connection/modem-state";
import { DIAGNOSIS_STEPS } from "./diagnosis-steps";

export type { DiagnosisContext, DiagnosisReport, StepName, StepReport } from "./diagnosis-report";

/** All steps in their order. */
export const STEP_NAMES: readonly StepName[] = DIAGNOSIS_STEPS.map(({ name }) => name);

/** Walks all steps. Rejects only with the reason of `signal`; whatever fails is a line of the report. */
export async function diagnose(context: DiagnosisContext, signal?: AbortSignal): Promise<DiagnosisReport> {
  const { modem } = context;
  modem.acquire();
  try {
    await settled(modem, signal);
    const steps: StepReport[] = [];
    for (const step of DIAGNOSIS_STEPS) {
      const done = await report(step, steps, context, signal);
      steps.push(done);
      context.onStep?.(done);
    }
    return { steps };
  } finally {
    await context.session?.end();
    await modem.release();
  }
}

async function report(
  step: DiagnosisStep,
  before: readonly StepReport[],
  context: DiagnosisContext,
  signal: AbortSignal | undefined,
): Promise<StepReport> {
  const { name, needs } = step;
  const isSpokenTo = context.session !== undefined && (name === "tls" || name === "login");
  const missing = (isSpokenTo ? ["server" as const] : needs).find((need) => {
    const status = before.find((other) => other.name === need)?.status;
    return status === "failed" || status === "skipped";
  });
  if (missing !== undefined) return { name, status: "skipped", detail: `needs: ${missing}`, needs: missing };
  try {
    return { name, ...(await step.look(context, signal)) };
  } catch (error) {
    signal?.throwIfAborted();
    return { name, ...failure(error) };
  }
}
