/** Finds the longest length that a module accepts, in few command lines. */

export interface LengthRange {
  /** Where the limit is expected: tried first. */
  readonly usual: number;
  /** Not tried beyond. */
  readonly most: number;
}

/**
 * The longest accepted length, 0 when none is; `most` means that much or more.
 *
 * @param accepts must hold for all lengths up to a limit and for none above.
 */
export async function longestAccepted(
  accepts: (length: number) => Promise<boolean>,
  { usual, most }: LengthRange,
): Promise<number> {
  let accepted = 0;
  let refused = most + 1;
  for (let next = usual; refused - accepted > 1; next = nextLength(accepted, refused, usual)) {
    if (await accepts(next)) accepted = next;
    else refused = next;
  }
  return accepted;
}

/** Just above the usual limit when that was accepted, else halfway. */
function nextLength(accepted: number, refused: number, usual: number): number {
  return accepted === usual ? usual + 1 : Math.floor((accepted + refused) / 2);
}

/** The limit as an answer says it. */
export function limitText(length: number, { most }: LengthRange): string {
  return length === most ? `${most} or more` : String(length);
}
