/** Where this package keeps its files, and which files of messages it may read: the administrator's settings. */
import type { NodeAPI } from "node-red";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { ModemError } from "../../../lib/errors";
import type { ConnectionOptions } from "../settings/connection-options";

/** The folder with the folders of all modems: `quectelModemSpoolDir` of settings.js, else below Node-RED's user directory. */
export function modemsDirectory(RED: NodeAPI): string {
  const chosen: unknown = Reflect.get(RED.settings, "quectelModemSpoolDir");
  return typeof chosen === "string" && chosen !== ""
    ? resolve(chosen)
    : join(RED.settings.userDir ?? join(homedir(), ".node-red"), "quectel-modem");
}

/** The folder of one modem. @param id of its node; inside a subflow it holds the id of the instance too. */
export function modemDirectory(RED: NodeAPI, id: string): string {
  return join(modemsDirectory(RED), id.replace(/[^\w-]/g, "_"));
}

/** True for a name that the folder of a modem can have; a disk of its own for mails has a `lost+found` that only root reads. */
export function canBeModem(name: string): boolean {
  return /^[\w-]+$/.test(name);
}

/** The folder of a modem's outbox. @param directory of the modem. */
export function spoolDirectory(directory: string): string {
  return join(directory, "spool");
}

/**
 * The folder of what a modem has to remember about its module while Node-RED is off. What the simulated one has shown says
 * nothing about a real one, whose firmware may have the same name. @param directory of the modem.
 */
export function notesDirectory(directory: string, connection: Pick<ConnectionOptions, "kind">): string {
  return join(directory, connection.kind === "simulator" ? "notes-simulated" : "notes");
}

/** Folders whose files a message may attach by `path`: `quectelModemAttachmentPaths` of settings.js. */
export function attachmentPaths(RED: NodeAPI): readonly string[] {
  const chosen: unknown = Reflect.get(RED.settings, "quectelModemAttachmentPaths");
  if (chosen === undefined || chosen === null) return [];
  const list: readonly unknown[] = Array.isArray(chosen) ? chosen : [chosen];
  return list.map((path) => {
    if (typeof path !== "string" || !isAbsolute(path)) {
      throw new ModemError("INVALID_CONFIG", {
        detail: "quectelModemAttachmentPaths of settings.js must be a list of absolute paths",
      });
    }
    return path;
  });
}
