/**
 * What is said to the module at the start of each connection and after each of its restarts, as data.
 *
 * Only the supervisor runs it. Nothing here is stored by AT&W; the one setting that the module stores on its own, the
 * port of its unsolicited lines, is written only when it differs.
 */
import {
  dialogueForm,
  errorReports,
  fullRevision,
  hardwareFlowControl,
  manufacturer,
  model,
  revision,
  serialNumber,
  setUrcPort,
  urcPort,
  type UrcPort,
} from "../commands/general";
import { ifRefused, type Execute } from "../execute";
import type { ModuleIdentity } from "./modem-state";

/** What the steps go by. */
export interface InitContext {
  /** A UART with RTS/CTS on the host's side. */
  readonly hardwareFlowControl: boolean;
  /** The module's name of our port, where it is known. */
  readonly urcPort: UrcPort | undefined;
}

export interface InitStep {
  readonly name: string;
  /** It has results sent to our port, which another port may wait for. */
  readonly claims?: true;
  /** False: the step does not concern this connection. */
  readonly applies?: (context: InitContext) => boolean;
  /** Resolves with `false` when the module took less than was wanted. */
  readonly run: (execute: Execute, context: InitContext) => Promise<unknown>;
  /** What a refusal (`ERROR`, `+CME ERROR`) means: the module cannot be used, or it lacks a comfort. */
  readonly refused: "fatal" | "ignored";
}

export const INIT_STEPS: readonly InitStep[] = [
  { name: "no echo, result codes as words", run: (execute) => execute(dialogueForm()), refused: "fatal" },
  {
    name: "error numbers, else error words",
    run: (execute) => ifRefused(execute(errorReports(1)), () => execute(errorReports(2)).then(() => false)),
    refused: "ignored",
  },
  {
    name: "RTS/CTS",
    applies: (context) => context.hardwareFlowControl,
    run: (execute) => execute(hardwareFlowControl()),
    refused: "ignored",
  },
  {
    name: "unsolicited lines to our port",
    claims: true,
    applies: (context) => context.urcPort !== undefined,
    run: (execute, context) => nameUrcPort(execute, context.urcPort),
    refused: "ignored",
  },
];

/**
 * Runs steps; resolves with those that the module has refused. Right after its start it refuses what it takes some
 * seconds later. Rejects with the first error that is not a refusal, or with a fatal refusal.
 */
export async function initialise(
  execute: Execute,
  context: InitContext,
  steps: readonly InitStep[] = INIT_STEPS,
): Promise<InitStep[]> {
  const refused: InitStep[] = [];
  for (const step of steps) {
    if (step.applies?.(context) === false) continue;
    const run = step.run(execute, context);
    const done = await (step.refused === "ignored" ? ifRefused(run, async () => false) : run);
    if (done === false) refused.push(step);
  }
  return refused;
}

/** True for the step that has results sent to our port. */
export function namesUrcPort({ claims }: InitStep): boolean {
  return claims === true;
}

/** True where the module has told all that `identify` asks for but the IMEI, which few need. */
export function isIdentified({ model, firmware }: ModuleIdentity): boolean {
  return model !== "" && firmware !== "";
}

/** Asks the module who it is; what it does not tell is empty. */
export async function identify(execute: Execute): Promise<ModuleIdentity> {
  const unknown = async (): Promise<string> => "";
  const imei = await askImei(execute);
  return {
    manufacturer: await ifRefused(execute(manufacturer()), unknown),
    model: await ifRefused(execute(model()), unknown),
    firmware: await ifRefused(execute(fullRevision()), () => ifRefused(execute(revision()), unknown)),
    ...(imei !== undefined && { imei }),
  };
}

/**
 * The IMEI; undefined for a module that does not tell it. Two ports that read one module's differently would not keep each
 * other out, so a number that its check digit does not confirm is believed only when it comes twice.
 */
async function askImei(execute: Execute): Promise<string | undefined> {
  const ask = (): Promise<string> => ifRefused(execute(serialNumber()), async () => "");
  const first = await ask();
  if (first === "" || isChecked(first)) return first || undefined;
  const second = await ask();
  const isNumber = isChecked(second) || (second === first && /^\d{14,16}$/.test(second));
  return isNumber ? second : undefined;
}

/** Fifteen digits of which the last fits the others by Luhn's formula (3GPP TS 23.003 annex B). */
function isChecked(imei: string): boolean {
  if (!/^\d{15}$/.test(imei)) return false;
  const sum = Array.from(imei, Number)
    .map((digit, index) => (index % 2 === 0 ? digit : 2 * digit))
    .reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return sum % 10 === 0;
}

/**
 * Has results sent to our port. The value `all` of newer firmware serves it too, and whoever chose it.
 *
 * @param mayWrite false: only asks
 * @returns whose they were; `ours` also where it is not known which port is ours
 */
export async function nameUrcPort(
  execute: Execute,
  ours: UrcPort | undefined,
  mayWrite = true,
): Promise<"ours" | "others"> {
  if (ours === undefined || [ours, "all"].includes(await execute(urcPort()))) return "ours";
  if (mayWrite) await execute(setUrcPort(ours));
  return "others";
}
