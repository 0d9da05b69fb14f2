/**
 * The endpoints that the dialogs ask: ports, known mail servers, root certificates.
 *
 * All are behind the permission `quectel-modem.read`, need no deployed modem and change nothing.
 */
import type { NodeAPI } from "node-red";
import { PROVIDERS } from "../../lib/mail/providers/providers";
import { rootNames } from "../../lib/mail/providers/root-store";
import { listPorts } from "../../lib/serial/ports";

/** What the dialog needs of a provider. */
interface KnownServer {
  readonly name: string;
  /** Empty where it depends on the account. */
  readonly host: string;
  readonly port: number;
  readonly security: "tls" | "starttls";
  readonly remark: string;
  /** False where the module cannot log in, or will soon not be able to. */
  readonly passwordLogin: boolean;
}

export function registerAdminEndpoints(RED: NodeAPI): void {
  const read = RED.auth.needsPermission("quectel-modem.read");
  const answer = (path: string, list: () => Promise<readonly unknown[]>): void => {
    RED.httpAdmin.get(`/quectel-modem/${path}`, read, (_request, response) => {
      list().then(
        (found) => response.json(found),
        (error: unknown) => {
          RED.log.warn(`quectel-modem: ${path} cannot be listed: ${String(error)}`);
          response.status(500).json({ message: String(error) });
        },
      );
    });
  };
  answer("ports", () => listPorts());
  answer("providers", async () => knownServers());
  answer("roots", async () => rootNames());
}

function knownServers(): readonly KnownServer[] {
  return PROVIDERS.map(({ name, hosts, port, security, remark, login }) => ({
    name,
    host: hosts.find((host) => !host.includes("*")) ?? "",
    port,
    security,
    remark,
    passwordLogin: login !== "none" && login !== "ending",
  }));
}
