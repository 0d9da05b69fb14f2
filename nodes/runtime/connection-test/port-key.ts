/** Which port a connection leads to, however its name is written. */
import { deviceOf } from "../../../lib/serial/port-role";
import type { ConnectionOptions } from "../settings/connection-options";

/** Equal for two connections to the same port. */
export async function portKey(connection: ConnectionOptions): Promise<string> {
  switch (connection.kind) {
    case "serial":
      return `serial ${await deviceOf(connection.path)}`;
    case "tcp":
      return `tcp ${connection.host.toLowerCase()}:${connection.port}`;
    case "simulator":
      return "simulator";
  }
}
