/**
 * Whether a path that came in a message may be read.
 *
 * A message can come from anywhere, so only files whose real path lies in a folder that the administrator has named
 * are read; every refusal looks alike, so that a message cannot find out which other files exist.
 */
import { isAbsolute, normalize, parse, relative, sep } from "node:path";
import { outsideFiles } from "./outside-files";
import { hasControl, shown } from "./text";

/** The real path of a file that may be read, or why there is none, such as `has a URL instead of a content`. */
export type PathAnswer =
  | { readonly kind: "allowed"; readonly path: string }
  | { readonly kind: "refused"; readonly why: string };

/** What is said of a URL, which is never fetched. It may hold a password, so it is not shown. */
export const REFUSED_URL = "has a URL instead of a content, and URLs are never fetched";

/** Allowed is a regular file below one of `folders` (absolute paths), and nothing else. Never rejects. */
export async function allowedPath(path: string, folders: readonly string[]): Promise<PathAnswer> {
  const refused = (why: string): PathAnswer => ({ kind: "refused", why });
  if (/^[a-z][a-z0-9+.-]+:/i.test(path)) return refused(REFUSED_URL);
  if (hasControl(path) || !isAbsolute(path))
    return refused(`has the path ${shown(path)}, which is not absolute`);
  const real = hasRootOf(folders, path) ? await realPathOf(path) : undefined;
  for (const folder of real === undefined ? [] : folders) {
    const realFolder = await realPathOf(folder);
    if (real === undefined || realFolder === undefined || !isBelow(real, realFolder)) continue;
    if (await isRegularFile(real)) return { kind: "allowed", path: real };
  }
  return refused(
    `has the path ${shown(path)}, which is not a file in a folder of quectelModemAttachmentPaths in settings.js`,
  );
}

/**
 * True for a path on a drive or share of one of `folders`. On Windows looking at any other, such as `\\\\host\\share`, already
 * logs in at that host, and a message could make the gateway show its credentials to whom it likes.
 *
 * @param paths those of the host
 */
export function hasRootOf(
  folders: readonly string[],
  path: string,
  paths: Pick<typeof import("node:path"), "normalize" | "parse"> = { normalize, parse },
): boolean {
  const rootOf = (one: string): string => paths.parse(paths.normalize(one)).root.toLowerCase();
  return folders.some((folder) => rootOf(folder) === rootOf(path));
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function realPathOf(path: string): Promise<string | undefined> {
  return outsideFiles.realPath(path).catch(() => undefined);
}

/** A pipe or a device would be read without end. */
async function isRegularFile(path: string): Promise<boolean> {
  return outsideFiles.size(path).then(
    () => true,
    () => false,
  );
}
