/** The shape of a command form of the manuals, as it is played to the simulated module. */

export interface Form {
  /** Command line. */
  readonly line: string;
  /** Lines of the answer joined by ` | `, its final result last. */
  readonly answer: string | RegExp;
  /** Sent behind CONNECT; what is short of the announced length is ended by the module's time limit. */
  readonly data?: string;
  /** Beginning of the unsolicited line that follows. */
  readonly urc?: string;
}

/** Forms of one chapter, played in their order to one module. */
export interface Chapter {
  readonly title: string;
  readonly forms: readonly Form[];
}

/** A form that answers OK alone. */
export const ok = (line: string): Form => ({ line, answer: "OK" });
/** A form that is refused with a number of the module. */
export const refused = (line: string, number: number): Form => ({ line, answer: `+CME ERROR: ${number}` });
/** A form that is refused without a number. */
export const error = (line: string): Form => ({ line, answer: "ERROR" });
/** A setting, and the query that shows it. */
export const setAndShown = (command: string, key: string, value: string, context = ""): readonly Form[] => [
  ok(`AT${command}="${key}"${context},${value}`),
  { line: `AT${command}="${key}"${context}`, answer: `${command}: "${key}"${context},${value} | OK` },
];
