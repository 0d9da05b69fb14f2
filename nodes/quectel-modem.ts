/** The config node: a modem, its mail settings and its outbox, shared by all nodes that use it. */
import type { Node, NodeAPI, NodeDef, NodeInitializer } from "node-red";
import { systemClock } from "../lib/clock";
import { ModemError } from "../lib/errors";
import { senderNameOf } from "../lib/mailer/qsmtp/compose/compose";
import { AdminRoutes } from "./runtime/admin/admin-routes";
import { registerDialogEndpoints } from "./runtime/admin/dialog-endpoints";
import { registerConnectionTests } from "./runtime/connection-test/endpoints";
import { asModemError } from "./runtime/status/failure-report";
import { modemDirectory } from "./runtime/disk/folders";
import { watchLeftSpools } from "./runtime/disk/left-spools";
import { flowEvents } from "./runtime/modem/flow-events";
import { ModemHost } from "./runtime/modem/modem-host";
import {
  type ModemCredentials,
  type ModemSettings,
  readModemSettings,
} from "./runtime/settings/modem-settings";
import type { ModemNode } from "./runtime/modem/modem-user";
import { catchNodes, reportReceivers } from "./runtime/modem/report-receivers";
import { deployedModems, registerModem } from "./runtime/modem/registry";
import { connectionName } from "./runtime/settings/connection-options";
import type { RawOptions } from "./runtime/settings/options";
import { tellUnclaimed } from "./runtime/smtp-send/unclaimed";
import { registerSidebarEndpoints } from "./runtime/sidebar/endpoints";
import { showInSidebar, watchRemovedModems } from "./runtime/sidebar/modems";

type Definition = NodeDef & RawOptions;
type Instance = Node<ModemCredentials> & { -readonly [key in "host" | "users"]: ModemNode[key] };
interface AdministratorSettings {
  quectelModemSpoolDir: string;
  quectelModemAttachmentPaths: string[];
}

const STARTTLS_REMARK =
  "STARTTLS by the module's own mail client may continue in clear text, login included, if the server does not offer it; " +
  "TLS (usually port 465) is safer";

const initialise: NodeInitializer = (RED: NodeAPI) => {
  function QuectelModem(this: Instance, definition: Definition): void {
    RED.nodes.createNode(this, definition);
    const name = definition.name || connectionName(definition) || definition.id;
    const directory = modemDirectory(RED, this.id);
    const settings = settingsOf(definition, this.credentials);
    // Unusable settings are told before there is a host, and before it is used.
    let host: ModemHost | undefined;
    this.host = host = new ModemHost({
      settings,
      directory,
      clock: systemClock,
      log: {
        error: (message) => this.error(message),
        warn: (message) => this.warn(message),
        info: (message) => this.log(message),
        debug: (message) => this.debug(message),
      },
      events: flowEvents(RED.events),
      report: (error) => {
        // Node-RED hands the error on at once.
        if (host !== undefined) this.users = reportReceivers(host.users, catchNodes(RED));
        this.error(lifecycleError(error, name), {});
        if (host !== undefined) this.users = host.users;
      },
      unclaimed: (ended) => tellUnclaimed(this, ended),
    });
    if (!(settings instanceof ModemError)) {
      const isByModule = settings.mailer === "module";
      const { remark } = senderNameOf(settings.smtp.senderName);
      if (isByModule && remark !== undefined) this.warn(remark);
      if (isByModule && settings.smtp.security === "starttls" && settings.connection.kind !== "simulator")
        this.warn(STARTTLS_REMARK);
    }
    this.users = this.host.users;
    registerModem(this);
    showInSidebar(RED, this);
    this.on(
      "close",
      (isRemoved: boolean, done: () => void) => void this.host.close({ isRemoved }).finally(done),
    );
  }

  RED.nodes.registerType<Instance, Definition, AdministratorSettings, ModemCredentials>(
    "quectel-modem",
    QuectelModem,
    {
      credentials: {
        simPin: { type: "password" },
        apnUser: { type: "text" },
        apnPassword: { type: "password" },
        smtpUser: { type: "text" },
        smtpPassword: { type: "password" },
        clientSecret: { type: "password" },
        serviceAccount: { type: "password" },
      },
      settings: {
        quectelModemSpoolDir: { value: "", exportable: false },
        quectelModemAttachmentPaths: { value: [], exportable: false },
      },
    },
  );
  const routes = new AdminRoutes(RED);
  registerDialogEndpoints(routes);
  registerConnectionTests(RED, routes);
  registerSidebarEndpoints(RED, routes);
  watchLeftSpools(RED, deployedModems);
  watchRemovedModems(RED);
};

function settingsOf(definition: Definition, credentials: ModemCredentials): ModemSettings | ModemError {
  try {
    return readModemSettings(definition, credentials);
  } catch (error) {
    return asModemError(error);
  }
}

/** An error of the modem as such, for the log and for Catch nodes. */
function lifecycleError({ message, code, hint, class: kind }: ModemError, name: string): Error {
  return Object.assign(new Error(`${name}: ${message}. ${hint}`, { cause: { hint, class: kind } }), { code });
}

export = initialise;
