/** The setting of all switches of one simulated modem, checked when it is made. */
import type { VariantSwitch } from "./variant-switch";
import { variantTable } from "./variant-table";

export type VariantName = keyof typeof variantTable;
/** One value for each switch. */
export type Variants = { readonly [name in VariantName]: (typeof variantTable)[name]["values"][number] };
/** Settings that differ from the default. */
export type VariantChoice = Partial<Variants>;

const isVariantName = (name: string): name is VariantName => Object.hasOwn(variantTable, name);

export const variantNames: readonly VariantName[] = Object.keys(variantTable).filter(isVariantName);

const defaults: Readonly<Record<string, string>> = Object.fromEntries(
  variantNames.map((name) => [name, variantTable[name].default]),
);

/**
 * All switches, those not chosen at their default.
 *
 * @throws Error when a value is not one of its switch.
 */
export function chooseVariants(choice: VariantChoice = {}): Variants {
  const all = { ...defaults, ...choice };
  if (!isComplete(all)) throw new Error(`not a set of variants: ${JSON.stringify(choice)}`);
  return all;
}

/**
 * Reads `name=value` as given on a command line.
 *
 * @throws Error with the possible names or values.
 */
export function parseVariant(text: string): VariantChoice {
  const [name = "", value = ""] = text.split("=", 2);
  if (!isVariantName(name)) throw new Error(`unknown variant "${name}"; --list-variants shows all`);
  const { values }: VariantSwitch = variantTable[name];
  if (!values.includes(value)) {
    throw new Error(`variant "${name}" is one of ${values.join(", ")}; "${value}" is not`);
  }
  return { [name]: value };
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

function isComplete(all: Readonly<Record<string, string>>): all is Variants {
  return variantNames.every((name) => {
    const { values }: VariantSwitch = variantTable[name];
    return values.includes(all[name] ?? "");
  });
}
