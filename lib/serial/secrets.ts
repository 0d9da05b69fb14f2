/** How a secret is made unreadable: in the text of an error, and in a stream of bytes cut anywhere. */

/** What stands in the place of a secret. It says nothing about its length, and no byte of a line can be such a dot. */
export const MASK = "•••";

/** `text` with every occurrence of a secret replaced; longer secrets first, so that none shows a part of another. */
export function maskSecrets(text: string, secrets: Iterable<string>): string {
  return [...secrets]
    .filter((secret) => secret !== "")
    .sort((a, b) => b.length - a.length)
    .reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}

/**
 * Masks secrets in text that comes in pieces.
 *
 * What could be the beginning of a secret is held back until the next piece tells, so a secret is masked wherever the
 * pieces are cut. Longest secret first at each place.
 */
export class SecretFilter {
  private held = "";

  /** @param secrets may grow while the filter is in use. */
  constructor(private readonly secrets: ReadonlySet<string>) {}

  /** Takes the next piece and returns what may be shown by now. */
  push(piece: string): string {
    const text = this.held + piece;
    let shown = "";
    let at = 0;
    while (at < text.length && !this.mayBegin(text, at)) {
      const secret = this.longestAt(text, at);
      shown += secret === undefined ? text.charAt(at) : MASK;
      at += secret?.length ?? 1;
    }
    this.held = text.slice(at);
    return shown;
  }

  /** Forgets what is held back. */
  reset(): void {
    this.held = "";
  }

  /** True when all that follows `at` could be the beginning of a secret that is longer. */
  private mayBegin(text: string, at: number): boolean {
    const left = text.length - at;
    for (const secret of this.secrets) {
      if (secret.length > left && secret.startsWith(text.slice(at))) return true;
    }
    return false;
  }

  private longestAt(text: string, at: number): string | undefined {
    let longest: string | undefined;
    for (const secret of this.secrets) {
      if (secret.length > (longest?.length ?? 0) && text.startsWith(secret, at)) longest = secret;
    }
    return longest;
  }
}
