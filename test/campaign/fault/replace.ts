/**
 * Puts a function in the place of one of the code under test.
 *
 * That can be done in the bundles of the campaign (part-runner.ts), and in sources that `freshly` has loaded.
 */
import { createRequire } from "node:module";
import { REPLACEABLE } from "./replaceable";

type Replaceable = keyof typeof REPLACEABLE;

const load = createRequire(__filename);
/** As they are when this module is loaded: others of the same name may be there later. */
const modules = new Map(
  Object.keys(REPLACEABLE).map((name) => [name, load(`../../../${name.replace(/\.ts$/, "")}`) as object]),
);

/** @throws where it cannot be replaced. */
export function replace(name: Replaceable, functions: Readonly<Record<string, unknown>>): void {
  const exported = modules.get(name);
  if (exported === undefined) throw new Error(`${name} is not replaceable`);
  Object.assign(exported, functions);
}
