/**
 * Diagnosis: walks the way of a mail from the port to the login and tells a person where it ends.
 *
 *   port ─> AT ─> SIM ─> registration ─> signal ─> APN ─> PDP ─> clock ─> DNS ─> server ─> TLS ─> login
 *
 * It does nothing that a mail would not do: the context is activated and the clock set, nothing is restarted, no mail
 * is sent, and no PIN is sent beyond what the supervisor does anyway. The steps are in `diagnosis-steps.ts`.
 */
import { delay } from "../../clock";
import {
  failure,
  type DiagnosisContext,
  type DiagnosisReport,
  type DiagnosisStep,
  type StepReport,
} from "./diagnosis-report";
import { DIAGNOSIS_STEPS } from "./diagnosis-steps";
import type { Modem } from "../connection/modem";

export type { DiagnosisContext, DiagnosisReport, LastMail, StepName, StepReport } from "./diagnosis-report";

/** Milliseconds that a connection under way is waited for. */
const CONNECT_TIME = 45_000;

/** Walks all steps. Rejects only with the reason of `signal`; whatever fails is a line of the report. */
export async function diagnose(context: DiagnosisContext, signal?: AbortSignal): Promise<DiagnosisReport> {
  const { modem } = context;
  modem.acquire();
  try {
    await settled(modem, signal);
    const steps: StepReport[] = [];
    for (const step of DIAGNOSIS_STEPS) steps.push(await report(step, steps, context, signal));
    return { steps };
  } finally {
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
  const missing = needs.find((need) => {
    const status = before.find((other) => other.name === need)?.status;
    return status === "failed" || status === "skipped";
  });
  if (missing !== undefined) return { name, status: "skipped", detail: `needs: ${missing}` };
  try {
    return { name, ...(await step.look(context, signal)) };
  } catch (error) {
    signal?.throwIfAborted();
    return { name, ...failure(error) };
  }
}

/** Waits until the modem is connected or has failed to. */
async function settled(modem: Modem, signal: AbortSignal | undefined): Promise<void> {
  const done = new AbortController();
  const look = (): void => {
    const { state } = modem;
    const isOpen = state.name === "connecting" || (state.name === "offline" && state.error === undefined);
    if (!isOpen) done.abort();
  };
  modem.on("state", look);
  look();
  try {
    await delay(modem.clock, CONNECT_TIME, done.signal, signal).catch(() => signal?.throwIfAborted());
  } finally {
    modem.off("state", look);
  }
}
