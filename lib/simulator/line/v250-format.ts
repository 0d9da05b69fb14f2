/** How texts and results look on the line under V, Q and CMEE: V.250 5.7, 3GPP TS 27.007 9.1. Pure. */
import { cmeWords } from "./cme-words";
import type { FinalResult } from "../device/command";
import type { LineSettings } from "../device/port";

/** An information line; one that stands apart, as the first of a reply, opens with a line end under V1. */
export function formatInformation(line: string, apart: boolean, settings: LineSettings): string {
  const end = lineEnd(settings);
  return settings.verbose === 1 && apart ? end + line + end : line + end;
}

/** An unsolicited line. */
export function formatUnsolicited(line: string, settings: LineSettings): string {
  return formatInformation(line, true, settings);
}

/** A final result; empty under Q1. */
export function formatResult(result: FinalResult, settings: LineSettings): string {
  if (settings.quiet === 1) return "";
  switch (result.kind) {
    case "ok":
      return formatCode("OK", "0", settings);
    case "error":
      return formatCode("ERROR", "4", settings);
    case "noCarrier":
      return formatCode("NO CARRIER", "3", settings);
    case "text":
      return formatUnsolicited(result.text, settings);
    case "cme":
      return formatReport("+CME ERROR: ", result.code, cmeWords.get(result.code), settings);
    case "cms":
      return formatReport("+CMS ERROR: ", result.code, undefined, settings);
  }
}

/** CONNECT or CONNECT with a number; empty under Q1. */
export function formatConnect(text: string, settings: LineSettings): string {
  if (settings.quiet === 1) return "";
  return formatCode(text, text === "CONNECT" ? "1" : text, settings);
}

function formatReport(head: string, code: number, words: string | undefined, settings: LineSettings): string {
  switch (settings.errorReports) {
    case 0:
      return formatCode("ERROR", "4", settings);
    case 1:
      return formatUnsolicited(`${head}${code}`, settings);
    case 2:
      return formatUnsolicited(`${head}${words ?? code}`, settings);
  }
}

function formatCode(word: string, digit: string, settings: LineSettings): string {
  const end = lineEnd(settings);
  return settings.verbose === 1 ? end + word + end : digit + register(3, settings);
}

function lineEnd(settings: LineSettings): string {
  return register(3, settings) + register(4, settings);
}

function register(number: 3 | 4, settings: LineSettings): string {
  return String.fromCharCode(settings.registers.get(number) ?? 0);
}
