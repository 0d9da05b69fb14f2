/**
 * Validators of properties: each says what is wrong as the editor shows it at the field.
 *
 * Each takes two arguments although most use one: of a function with one the editor takes a sentence for "valid".
 */
import type { EditorNode, Validator } from "../red";
import { current, isEmpty } from "./fields";
import { text } from "./texts";

/** `Port: a whole number from 1 to 65535`. */
function complaint(field: string, key: string, values?: object): string {
  return `${text(`label.${field}`)}: ${text(`invalid.${key}`, values)}`;
}

/** True for a value that holds `${ENV}`, which only the runtime can check. */
function isVariable(value: unknown): boolean {
  return /\$\{[^{}]+\}/.test(String(value));
}

/** What a whole number may be. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  /** A word that may stand instead of a number. */
  readonly word?: string;
}

/** A whole number; empty only where `optional`. */
export function integer(field: string, { min, max, word }: IntegerRange, optional = false): Validator {
  return function (value, _options) {
    // A property that is missing altogether has its default.
    if (value === undefined || value === word) return true;
    if (isEmpty(value)) return optional || complaint(field, "missing");
    if (isVariable(value)) return true;
    const number = Number(value);
    const fits = Number.isInteger(number) && number >= min && number <= max;
    return fits || complaint(field, "integer", { min, max });
  };
}

/** Something is filled in. With `hasDefault` the property may be missing altogether. */
export function filled(field: string, hasDefault = false): Validator {
  return function (value, _options) {
    if (value === undefined && hasDefault) return true;
    return !isEmpty(value) || complaint(field, "missing");
  };
}

/** An e-mail address in its usual form. The runtime checks it fully. */
export function address(field: string): Validator {
  return function (value, _options) {
    if (isEmpty(value)) return complaint(field, "missing");
    const isAddress = /^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(String(value).trim());
    return isVariable(value) || isAddress || complaint(field, "address");
  };
}

/** Holds only while another property has one of the `values`. */
export function onlyIf(name: string, values: readonly string[], validator: Validator): Validator {
  return function (value, options) {
    return values.includes(String(current(this, name))) ? validator.call(this, value, options) : true;
  };
}

/** The text of a certificate. */
export function certificate(field: string): Validator {
  return function (value, _options) {
    const isPem = String(value).includes("-----BEGIN CERTIFICATE-----");
    return isPem || isVariable(value) || complaint(field, "certificate");
  };
}

/** A config node is chosen. */
export function chosen(this: EditorNode, value: unknown, _options?: object): boolean | string {
  return (!isEmpty(value) && value !== "_ADD_") || complaint("modem", "modem");
}

/** The value of a TypedInput whose type stands in the property `typeName`; own types hold plain words. */
export function typed(typeName: string): Validator {
  return function (value, options) {
    const input = $(`#node-input-${typeName}`);
    const type = String(input.length === 0 ? this[typeName] : input.val());
    if (value === undefined) return true;
    if (["path", "action"].includes(type)) return !isEmpty(value) || text("invalid.missing");
    // An empty fixed text says that the mail has none, whatever the message holds.
    return (type === "str" && isEmpty(value)) || RED.utils.validateTypedProperty(value, type, options);
  };
}
