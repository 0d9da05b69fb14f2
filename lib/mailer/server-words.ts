/**
 * What a server says, fit to be shown: one line of limited length, without a secret of ours.
 *
 * A server may repeat what it was sent, or only the beginning of it where its own lines are short.
 */
import { MASK, maskSecrets } from "../serial/trace";

/** So many first characters of a secret are masked with what follows of it; a shorter beginning tells too little. */
const TELLING = 16;

/** @param secrets in each form in which they were sent. @param longest characters of the result. */
export function shownWords(words: string, secrets: readonly string[], longest: number): string {
  const line = words.replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu, " ");
  return secrets.reduce(withoutBeginning, maskSecrets(line, secrets)).slice(0, longest).trim();
}

function withoutBeginning(line: string, secret: string): string {
  if (secret.length <= TELLING) return line;
  const [first = "", ...rest] = line.split(secret.slice(0, TELLING));
  return rest.reduce((shown, piece) => shown + MASK + piece.slice(sharedLength(piece, secret)), first);
}

/** Characters at the beginning of `piece` that go on with the secret. */
function sharedLength(piece: string, secret: string): number {
  let length = 0;
  while (length < piece.length && piece[length] === secret[TELLING + length]) length++;
  return length;
}
