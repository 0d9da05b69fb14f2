/** The setting of all switches of one simulated modem, checked when it is made. */
import { variantTable } from "./variant-table";

export type VariantName = keyof typeof variantTable;
/** One value for each switch. */
export type Variants = { readonly [name in VariantName]: (typeof variantTable)[name]["values"][number] };
/** Settings that differ from the default. */
export type VariantChoice = Partial<Variants>;

export const variantNames = Object.keys(variantTable) as readonly VariantName[];

/** All switches, those not chosen at their default. */
export function chooseVariants(choice: VariantChoice = {}): Variants {
  const defaults = Object.fromEntries(variantNames.map((name) => [name, variantTable[name].default]));
  return { ...defaults, ...choice } as Variants;
}

/**
 * Reads `name=value` as given on a command line.
 *
 * @throws Error with the possible names or values.
 */
export function parseVariant(text: string): VariantChoice {
  const [name = "", value = ""] = text.split("=", 2);
  const known = variantNames.find((candidate) => candidate === name);
  if (known === undefined) throw new Error(`unknown variant "${name}"; --list-variants shows all`);
  const values: readonly string[] = variantTable[known].values;
  if (!values.includes(value)) {
    throw new Error(`variant "${name}" is one of ${values.join(", ")}; "${value}" is not`);
  }
  return { [known]: value };
}

/** One paragraph per switch, for `--list-variants`. */
export function listVariants(): string {
  return variantNames
    .map((name) => {
      const entry = variantTable[name];
      const values = entry.values.map((value) => (value === entry.default ? `[${value}]` : value)).join(" ");
      return `${name}  ${values}\n    ${entry.description} (section ${entry.source})\n`;
    })
    .join("");
}
