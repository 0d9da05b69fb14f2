/** ModemOptions: reads the properties of a `quectel-modem` node by their table, `modem-properties.ts`. */
import { MODEM_PROPERTIES, type PropertyOf, type PropertyRow, type WordOf } from "./modem-properties";
import { savedOptions, type OptionReader, type RawOptions } from "./options";

export class ModemOptions {
  private readonly reader: OptionReader;

  constructor(raw: RawOptions) {
    this.reader = savedOptions(raw, "modem");
  }

  /** @throws INVALID_CONFIG where it is empty and has no default. */
  text(name: PropertyOf<"text">): string {
    const row: PropertyRow & { readonly kind: "text" } = MODEM_PROPERTIES[name];
    return row.default === undefined ? this.reader.requiredText(name) : this.reader.text(name, row.default);
  }

  /** A whole number in its range. @throws INVALID_CONFIG for another, and where it is empty and has no default. */
  integer(name: PropertyOf<"integer">): number {
    const row: PropertyRow & { readonly kind: "integer" } = MODEM_PROPERTIES[name];
    return row.default === undefined
      ? this.reader.requiredInteger(name, row)
      : this.reader.integer(name, row, row.default);
  }

  /** True where the word stands that may replace the number. */
  isWord(name: PropertyOf<"integer">): boolean {
    const row: PropertyRow & { readonly kind: "integer" } = MODEM_PROPERTIES[name];
    return row.word !== undefined && this.reader.text(name) === row.word;
  }

  /** @throws INVALID_CONFIG for anything but yes or no. */
  flag(name: PropertyOf<"flag">): boolean {
    return this.reader.flag(name, MODEM_PROPERTIES[name].default);
  }

  /** @throws INVALID_CONFIG for a word that is not among those of the table. */
  choice<Name extends PropertyOf<"choice">>(name: Name): WordOf<Name> {
    const row: { readonly default: WordOf<Name>; readonly words: readonly WordOf<Name>[] } =
      MODEM_PROPERTIES[name];
    return this.reader.choice(name, row.words, row.default);
  }
}
