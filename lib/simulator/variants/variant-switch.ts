/** One switch of the simulated modem. */
export interface VariantSwitch {
  readonly values: readonly string[];
  readonly default: string;
  readonly description: string;
  readonly source: string;
}
