/** One part in a process of its own, started by part-runner.ts: it tells its parent how far it is, and its figures. */
import type { Figure, Slice } from "./part";
import { PARTS } from "./parts";

/** What a part is to do, as the argument of its process. */
export interface PartPlan {
  readonly name: string;
  readonly size: number;
  readonly share: number;
  readonly seed: number;
  readonly only: number | undefined;
  readonly minutes: number | undefined;
  readonly slice: Slice;
}

export type FromPart =
  | { readonly kind: "at"; readonly position: number }
  | { readonly kind: "say"; readonly line: string }
  | { readonly kind: "figures"; readonly figures: readonly Figure[] };

function tell(message: FromPart, then: () => void = () => undefined): void {
  process.send?.(message, then);
}

async function main({ name, size, ...plan }: PartPlan): Promise<void> {
  const part = PARTS.find((one) => one.name === name);
  if (part === undefined) throw new Error(`no part ${name}`);
  const figures = await part.run(size, {
    ...plan,
    say: (line) => tell({ kind: "say", line }),
    at: (position) => tell({ kind: "at", position }),
  });
  // Servers that were closed may linger for a moment.
  tell({ kind: "figures", figures }, () => process.exit(0));
}

main(JSON.parse(process.argv[2] ?? "{}") as PartPlan).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
