/** One switch of the simulated modem. */
export interface VariantSwitch<Values extends readonly string[] = readonly string[]> {
  readonly values: Readonly<Values>;
  readonly default: Values[number];
  readonly description: string;
  readonly source: string;
}
