/** Which port a connection leads to, however its name is written. */
import { realpath } from "node:fs/promises";
import type { ConnectionOptions } from "./connection-options";

/** Equal for two connections to the same port; a name below /dev/serial leads to its device. */
export async function portKey(connection: ConnectionOptions): Promise<string> {
  switch (connection.kind) {
    case "serial":
      return `serial ${await realpath(connection.path).catch(() => connection.path)}`;
    case "tcp":
      return `tcp ${connection.host.toLowerCase()}:${connection.port}`;
    case "simulator":
      return "simulator";
  }
}
