/**
 * Takes a command line apart into commands: V.250 5.3 (basic) and 5.4 (extended). Pure.
 *
 * `ATE0V1+CMEE=1;+CREG?;&W` gives E, V, +CMEE, +CREG, &W.
 */
import type { CommandForm } from "../device/command";
import { parseParameters, type Parameter } from "../device/parameters";

/** A command as it stands in a line. */
export interface ParsedCommand {
  /** Upper case: `+CSQ`, `E`, `&F`, `S`, `D`. */
  readonly name: string;
  readonly form: CommandForm;
  /** What stood behind `=`; of a basic command its digits, of D the dial string. */
  readonly argumentText: string;
  readonly parameters: readonly Parameter[];
}

/** The commands up to the first fault; they are executed before the fault is reported. */
export interface ParsedLine {
  readonly commands: readonly ParsedCommand[];
  readonly faulty: boolean;
}

interface Step {
  readonly command: ParsedCommand;
  /** Length of the text used. */
  readonly length: number;
}

/** @param text what stands behind AT. */
export function parseLine(text: string): ParsedLine {
  const commands: ParsedCommand[] = [];
  let rest = text;
  for (;;) {
    rest = rest.replace(/^[ ;]+/, "");
    if (rest === "") return { commands, faulty: false };
    const step = /^[&A-Za-z]/.test(rest) ? basicCommand(rest) : extendedCommand(rest);
    if (step === undefined) return { commands, faulty: true };
    commands.push(step.command);
    rest = rest.slice(step.length);
  }
}

function basicCommand(text: string): Step | undefined {
  return dial(text) ?? register(text) ?? letter(text);
}

/** D takes all up to a semicolon or the end: V.250 6.3.1. */
function dial(text: string): Step | undefined {
  const match = /^[Dd]([^;]*)(;?)/.exec(text);
  if (match === null) return undefined;
  const number = (match[1] ?? "").trim();
  const argumentText = number + (match[2] ?? "");
  return {
    command: {
      name: "D",
      form: "exec",
      argumentText,
      parameters: [{ kind: "string", text: number, raw: number }],
    },
    length: match[0].length,
  };
}

/** Sn, Sn?, Sn=value: V.250 5.3.2. */
function register(text: string): Step | undefined {
  const match = /^[Ss] *(\d+) *(\?|= *(\d+|\?)?)?/.exec(text);
  if (match === null) return undefined;
  const [whole, number = "", mark, value = ""] = match;
  const form = mark === undefined ? "exec" : mark === "?" ? "read" : value === "?" ? "test" : "write";
  const argumentText = form === "write" ? `${number},${value === "" ? "0" : value}` : number;
  return {
    command: { name: "S", form, argumentText, parameters: parseParameters(argumentText) ?? [] },
    length: whole.length,
  };
}

function letter(text: string): Step | undefined {
  const match = /^(&? *[A-Za-z]) *(\d*)/.exec(text);
  if (match === null) return undefined;
  const [whole, name = "", digits = ""] = match;
  return {
    command: {
      name: name.replaceAll(" ", "").toUpperCase(),
      form: "exec",
      argumentText: digits,
      parameters: parseParameters(digits === "" ? "0" : digits) ?? [],
    },
    length: whole.length,
  };
}

function extendedCommand(text: string): Step | undefined {
  const name = /^[+^$*%#][A-Za-z][A-Za-z0-9!%\-./:_]*/.exec(text)?.[0];
  if (name === undefined) return undefined;
  const tail = text.slice(name.length);
  const end = unquotedSemicolon(tail);
  const suffix = tail.slice(0, end).trim();
  const command = withSuffix(name.toUpperCase(), suffix);
  return command && { command, length: name.length + end + 1 };
}

function withSuffix(name: string, suffix: string): ParsedCommand | undefined {
  if (suffix === "") return { name, form: "exec", argumentText: "", parameters: [] };
  if (suffix === "?") return { name, form: "read", argumentText: "", parameters: [] };
  if (!suffix.startsWith("=")) return undefined;
  const argumentText = suffix.slice(1).trim();
  if (argumentText === "?") return { name, form: "test", argumentText: "", parameters: [] };
  const parameters = parseParameters(argumentText);
  return parameters && { name, form: "write", argumentText, parameters };
}

/** Where the first semicolon outside quotes stands, or the length of the text. */
function unquotedSemicolon(text: string): number {
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') quoted = !quoted;
    else if (text[at] === ";" && !quoted) return at;
  }
  return text.length;
}
