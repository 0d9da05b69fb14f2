/** One switch of the simulated modem. */
export interface VariantSwitch<Values extends readonly string[] = readonly string[]> {
  readonly values: Readonly<Values>;
  readonly default: Values[number];
  readonly description: string;
  readonly source: string;
}

/** A table of switches by the values of each; the declarations of the package are written with it. */
export type VariantSwitches<Values extends Readonly<Record<string, readonly string[]>>> = {
  readonly [name in keyof Values]: VariantSwitch<Values[name]>;
};
