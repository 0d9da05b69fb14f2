/** How a secret is made unreadable, on the wire's record and in the text of an error. */

/** What stands in the place of a secret; its length says nothing about the secret's. */
export const MASK = "***";

/** `text` with every occurrence of a secret replaced; longer secrets first, so that none shows a part of another. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== "")
    .sort((a, b) => b.length - a.length)
    .reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}
