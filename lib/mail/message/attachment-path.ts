/**
 * Whether a path that came in a message may be read.
 *
 * A message can come from anywhere, so only files whose real path lies in a folder that the administrator has named
 * are read; every refusal looks alike, so that a message cannot find out which other files exist.
 */
import { isAbsolute, relative, sep } from "node:path";
import { ModemError } from "../../errors";
import { outsideFiles } from "./outside-files";
import { hasControl, shown } from "./text";

/**
 * The real path of the file.
 *
 * @throws ModemError INVALID_ATTACHMENT_PATH unless it is a regular file below one of `folders` (absolute paths)
 */
export async function allowedPath(path: string, folders: readonly string[]): Promise<string> {
  const refused = (why: string): ModemError =>
    new ModemError("INVALID_ATTACHMENT_PATH", { detail: `${shown(path)} ${why}` });
  if (/^[a-z][a-z0-9+.-]+:/i.test(path)) throw refused("is an URL; send the content instead");
  if (hasControl(path) || !isAbsolute(path)) throw refused("is not an absolute path");
  const real = folders.length === 0 ? undefined : await realPathOf(path);
  for (const folder of real === undefined ? [] : folders) {
    const realFolder = await realPathOf(folder);
    if (real === undefined || realFolder === undefined || !isBelow(real, realFolder)) continue;
    if (await isRegularFile(real)) return real;
  }
  throw refused("is not a file in an allowed folder");
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
