/**
 * The page with `part` between the markers of `name`.
 *
 * @param page path, for the error. @param command as it stands in the first marker. @throws Error where a marker is missing.
 */
export function withPart(
  text: string,
  marked: {
    readonly page: string;
    readonly name: string;
    readonly command: string;
    readonly part: string;
  },
): string;
