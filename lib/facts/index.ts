/**
 * Facts: asks a real module every point that the manuals leave open, and says what it answered.
 *
 * The client works with every variant, so nothing depends on the answers; they go into the fact base, the simulated
 * modem and the transcripts. The module is borrowed: a Channel or a Modem that somebody else opened and closes.
 */
export type { AskedModule, MailSample, RestartSeen } from "./asker";
export type { Answer, Expectation, Mark, Need, Question } from "./question";
export { QUESTIONS } from "./questions";
export type { Fact, FactsReport, RunEnd } from "./report";
export { askFacts, type FactsOptions } from "./run";
export { restartModem } from "./restart-modem";
