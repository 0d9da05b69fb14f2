/** What an episode has left where nothing may be left: contents of mails in the module, files outside the spool. */
import type { SimulatedModem } from "../../../lib/simulator";
import { storageOf } from "../../../lib/simulator/module/file-store";
import { DIRECTORY, NOTES } from "./gateway";
import type { Host } from "./host";

export interface Remains {
  readonly module: SimulatedModem;
  readonly host: Host;
  readonly isNoisy: boolean;
  /** When the last mail was sent by the module's client. */
  readonly lastPutAt: number;
  /** Mails that have not ended. */
  readonly open: number;
}

/** In words. */
export async function leftBehind(remains: Remains): Promise<readonly string[]> {
  const { module, host, isNoisy, lastPutAt, open } = remains;
  const files = (["RAM", "UFS"] as const).flatMap((storage) =>
    storageOf(module, storage)
      .all()
      .map(({ name }) => name),
  );
  // A file may stand under a name that noise has spoilt, which the host cannot know: it knows those that it has noted.
  const pages = await Promise.all(host.gateways.map(({ store }) => store.read("files")));
  const noted = pages.join(" ");
  const left = files.filter((name) => (isNoisy ? noted.includes(`:${name}"`) : !name.startsWith("ca-")));
  // What a former run of the flows has left is deleted with the next mail.
  const isQuiet = host.gateways.every(
    ({ current }) => current?.modem?.state.name === "ready" && current.startedAt < lastPutAt,
  );
  const outside = host.gateways.flatMap(({ disk }) =>
    disk.paths().filter((path) => ![DIRECTORY, NOTES].some((folder) => path.startsWith(`${folder}/`))),
  );
  return [
    ...(left.length > 0 && isQuiet && open === 0 ? [`files left in the module: ${left.join(", ")}`] : []),
    ...outside.map((path) => `written outside of spool and notes: ${path}`),
  ];
}
