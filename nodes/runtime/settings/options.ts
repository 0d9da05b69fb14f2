/**
 * OptionReader: the properties of a node as Node-RED hands them over, checked and typed.
 *
 * Node-RED has already replaced `${ENV}`, so a number or a tick may arrive as a string, and a variable that is not set
 * as an empty one. Whatever cannot be used is refused with `INVALID_CONFIG`, which names the field.
 */
import { ModemError } from "../../../lib/errors";
import { type Dialog, fieldName } from "./field-names";

/** Properties of a node; nothing is known about their types. */
export type RawOptions = Readonly<Record<string, unknown>>;

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

export class OptionReader {
  /** @param dialog the one that has the fields of these properties. */
  constructor(
    private readonly raw: RawOptions,
    private readonly dialog: Dialog = "node",
  ) {}

  /** Text without blanks at its ends; `fallback` when the property is missing or empty. */
  text(name: string, fallback = ""): string {
    const value = this.raw[name];
    if (value === undefined || value === null) return fallback;
    if (typeof value !== "string" && typeof value !== "number") throw this.invalid(name, "must be text");
    const text = String(value).trim();
    return text === "" ? fallback : text;
  }

  /** Text that must not be empty. */
  requiredText(name: string): string {
    const text = this.text(name);
    if (text === "") throw this.invalid(name, "is empty");
    return text;
  }

  /** A whole number within `range`; `fallback` when the property is missing or empty. */
  integer<T>(name: string, range: IntegerRange, fallback: T): number | T {
    const value = this.raw[name];
    if (value === undefined || value === null || (typeof value === "string" && value.trim() === "")) {
      return fallback;
    }
    const number = typeof value === "string" ? Number(value) : value;
    if (typeof number !== "number" || !Number.isInteger(number) || number < range.min || number > range.max) {
      throw this.invalid(
        name,
        `is ${shown(value)}, but must be a whole number from ${range.min} to ${range.max}`,
      );
    }
    return number;
  }

  /** A whole number within `range` that must be given. */
  requiredInteger(name: string, range: IntegerRange): number {
    const number = this.integer(name, range, undefined);
    if (number === undefined) throw this.invalid(name, "is empty");
    return number;
  }

  /** A tick: true, false, or one of these words as an environment variable would hold it. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.raw[name];
    if (typeof value === "boolean") return value;
    if (value === undefined || value === null) return fallback;
    switch (this.text(name).toLowerCase()) {
      case "":
        return fallback;
      case "true":
      case "1":
      case "yes":
      case "on":
        return true;
      case "false":
      case "0":
      case "no":
      case "off":
        return false;
      default:
        throw this.invalid(name, `is ${shown(value)}, but must be true or false`);
    }
  }

  /** One of the `allowed` words; `fallback` when the property is missing or empty. */
  choice<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const text = this.text(name, fallback);
    const found = allowed.find((word) => word === text);
    if (found === undefined) throw this.invalid(name, `is ${shown(text)}, but must be ${allowed.join(", ")}`);
    return found;
  }

  private invalid(name: string, what: string): PropertyError {
    return new PropertyError("INVALID_CONFIG", name, what, this.dialog);
  }
}

/** What the dialogs save as `version`. A later one may give a property another meaning. */
export const OPTIONS_VERSION = 1;

/** Reads the properties that the dialog of a node has saved. @throws INVALID_CONFIG when a later package has saved them */
export function savedOptions(raw: RawOptions, dialog?: Dialog): OptionReader {
  const options = new OptionReader(raw, dialog);
  const saved = options.integer("version", { min: 1, max: Number.MAX_SAFE_INTEGER }, OPTIONS_VERSION);
  if (saved > OPTIONS_VERSION) {
    throw invalid("version", `is ${saved}, saved by a newer version of this package; update this package`);
  }
  return options;
}

/** The error for a property that cannot be used; `what` completes the sentence that begins with the name of its field. */
export function invalid(name: string, what: string): PropertyError {
  return new PropertyError("INVALID_CONFIG", name, what);
}

/** An error that one property of a node causes, so that a dialog can lead to its field. */
export class PropertyError extends ModemError {
  constructor(
    code: "INVALID_CONFIG" | "INVALID_CREDENTIAL",
    /** Its name in the node. */
    readonly property: string,
    what = "",
    dialog?: Dialog,
  ) {
    super(code, { detail: `${fieldName(property, dialog)} ${what}`.trim(), stage: "settings" });
  }
}

/** A value in a message, short enough to be read; secrets are never passed here. */
function shown(value: unknown): string {
  const text = jsonOf(value) ?? `a ${typeof value}`;
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Undefined for what is no JSON: a circle, a BigInt, a function. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
