/**
 * What has to be set in the module before sockets are used, once for each of its starts: no echo of what is sent, raw
 * bytes in both directions, a line end between header and data, no length in the line that says that data wait.
 *
 * The module forgets all of it with its power. What it refuses to set is lived with where that is possible.
 */
import { ModemError } from "../../errors";
import { noDataEcho, setSocketSetting, socketSetting, type SocketSetting } from "../commands/sockets";
import { ifRefused, type Execute } from "../execute";

const WANTED = { dataformat: [0, 0], viewmode: [0], recvind: [0] } as const satisfies Record<
  SocketSetting,
  readonly number[]
>;

/**
 * Puts the settings right; the result is how the module frames what QIRD gives out.
 *
 * Rejects with `SOCKET_UNSUPPORTED` where the module insists on hex digits, or as the commands do.
 */
export async function prepareModule(execute: Execute): Promise<"line" | "comma"> {
  // Not every firmware knows it; one that does not has no echo.
  await ifRefused(execute(noDataEcho()), async () => undefined);
  const rawBytes = await putRight(execute, "dataformat");
  if (!rawBytes) throw new ModemError("SOCKET_UNSUPPORTED", { detail: "data as hex digits (dataformat)" });
  const lineEnd = await putRight(execute, "viewmode");
  await putRight(execute, "recvind");
  return lineEnd ? "line" : "comma";
}

/** True when the setting is as wanted now; a module that does not know it behaves as if it were. */
async function putRight(execute: Execute, name: SocketSetting): Promise<boolean> {
  const wanted = WANTED[name];
  const present = await ifRefused<readonly number[]>(execute(socketSetting(name)), async () => wanted);
  if (wanted.every((value, index) => present[index] === value)) return true;
  return ifRefused(
    execute(setSocketSetting(name, wanted)).then(() => true),
    async () => false,
  );
}
