/** What makes an episode a failed one, in words. */
import type { Account } from "./audit";
import type { EpisodeReport } from "./episode";

const MUST_BE_NONE = [
  "lost",
  "falselySent",
  "falselyNotSent",
  "unmarkedRepeats",
  "repeatedAtMostOnce",
  "deliveredThoughRefused",
  "alteredAttachments",
  "alteredTexts",
  "toldAgain",
  "unmarkedResults",
  "stuck",
  "late",
] as const satisfies (keyof Account)[];

export function problemsOf({ account, complaints }: EpisodeReport): readonly string[] {
  const counted = MUST_BE_NONE.flatMap((name) => (account[name] > 0 ? [`${name}: ${account[name]}`] : []));
  return [...counted, ...complaints];
}

/** It only repeats a figure of the account. */
export function isCounted(problem: string): boolean {
  return MUST_BE_NONE.some((name) => problem.startsWith(`${name}: `));
}

/** The same for the same problem of other mails at another time. */
export function kindOf(problem: string): string {
  const [line = ""] = problem.split("\n", 1);
  return line.replaceAll(/\b[0-9a-f]{8}[0-9a-f-]*\b|\d+/g, "#");
}

/** Collects what nobody has caught, and defects of the simulator. */
export function watchProcess(): { take: () => string[]; end: () => void } {
  let caught: string[] = [];
  const onRejection = (reason: unknown): void => void caught.push(`unhandled rejection: ${String(reason)}`);
  const onWarning = ({ name, message }: Error): void => {
    if (name === "SimulatorDefect" || name.startsWith("MaxListeners")) caught.push(`${name}: ${message}`);
  };
  process.on("unhandledRejection", onRejection);
  process.on("warning", onWarning);
  return {
    take: () => caught.splice(0),
    end: () => {
      process.off("unhandledRejection", onRejection);
      process.off("warning", onWarning);
      caught = [];
    },
  };
}
