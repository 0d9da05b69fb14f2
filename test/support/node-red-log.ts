/** What Node-RED's log says against us. */

/** Warnings of Node-RED about its own set-up, which a fresh user directory always has. */
const OWN = /Projects disabled|Encrypted credentials not found/;

/** Lines of a log that warn or report an error, Node-RED's remarks on its own set-up left out. */
export function complaints(log: readonly string[]): readonly string[] {
  return log.filter((line) => /\[(warn|error)\]|uncaught|unhandled|deprecat/i.test(line) && !OWN.test(line));
}
