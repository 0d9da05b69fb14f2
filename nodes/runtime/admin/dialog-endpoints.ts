/** The endpoints that the dialogs ask: ports, known mail servers, root certificates. None needs a deployed modem. */
import {
  type Advice,
  adviceFor,
  type MailWay,
  PROVIDERS,
  proposedWay,
} from "../../../lib/mail/providers/providers";
import { rootNames } from "../../../lib/mail/providers/root-store";
import { listPorts } from "../../../lib/serial/ports";
import type { AdminRoutes } from "./admin-routes";
import { MODEM_PROPERTIES } from "../settings/modem-properties";
import { OptionReader, type RawOptions } from "../settings/options";

/** What the dialog needs of a provider. */
export interface KnownServer {
  /** Name of its remark in the catalogs, `remarks.<id>`. */
  readonly id: string;
  readonly name: string;
  /** Empty where it depends on the account. */
  readonly host: string;
  readonly port: number;
  readonly security: "tls" | "starttls";
  readonly remark: string;
  /** False where this package knows no way to log in. */
  readonly canLogin: boolean;
  /** The login that it needs. */
  readonly login: "password" | "microsoft" | "google";
  /** The way of sending that it needs. */
  readonly mailer: MailWay;
}

export function registerDialogEndpoints(routes: AdminRoutes): void {
  routes.get("ports", () => listPorts());
  routes.get("providers", () => knownServers());
  routes.get("roots", () => rootNames());
  routes.get("advice", ({ query }) => advice(query));
}

function knownServers(): readonly KnownServer[] {
  return PROVIDERS.map((provider) => {
    const { id, name, hosts, port, security, remark, login, tokens } = provider;
    return {
      id,
      name,
      host: hosts.find((host) => !host.includes("*")) ?? "",
      port,
      security,
      remark,
      canLogin: login !== "none",
      login: login === "ending" ? (tokens ?? "password") : "password",
      mailer: proposedWay(provider),
    };
  });
}

/** What is not known yet, or only the runtime of the flow knows, such as a variable, has no advice. */
function advice(query: RawOptions): readonly Advice[] {
  const options = new OptionReader(query);
  const bytes = (name: string): number => options.integer(name, { min: 0, max: 100_000 }, 0);
  const security = MODEM_PROPERTIES.smtpSecurity.words.find((word) => word === options.text("security"));
  return adviceFor({
    host: options.text("host"),
    port: security === undefined ? 0 : Number(options.text("port")),
    security: security ?? "tls",
    mailer: MODEM_PROPERTIES.mailer.words.find((word) => word === options.text("mailer")) ?? "module",
    byToken: !["", "password", "none"].includes(options.text("login")),
    userBytes: bytes("userBytes"),
    passwordBytes: bytes("passwordBytes"),
  });
}
