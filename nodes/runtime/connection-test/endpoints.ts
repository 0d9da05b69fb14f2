/** The endpoints behind the test buttons of the modem's dialog: start a connection test, look at it, cancel it. */
import type { NodeAPI } from "node-red";
import { join } from "node:path";
import { systemClock } from "../../../lib/clock";
import { ReadableCodings } from "../../../lib/mailer/qsmtp/readable-codings";
import type { AdminRoutes } from "../admin/admin-routes";
import { FolderStore } from "../disk/folder-store";
import { modemDirectory, notesDirectory } from "../disk/folders";
import { keptPin } from "../disk/kept-pin";
import { deployedModems } from "../modem/registry";
import { invalid } from "../settings/options";
import { deployedModem, environmentOf, isSubflow } from "./deployed";
import { readTestRequest, readVerdict, type TestRequest } from "./request";
import { ConnectionTests, type TestOrder } from "./connection-tests";
import { typedSettings } from "./typed-settings";
import manifest = require("@modem-mail/node-red-quectel-smtp/package.json");

/** Ports belong to the process, so its connection tests are in one place, however often the node is loaded. */
const tests = new ConnectionTests(systemClock);
const watched = new WeakSet<object>();

export function registerConnectionTests(RED: NodeAPI, routes: AdminRoutes): void {
  if (!watched.has(RED.events)) {
    watched.add(RED.events);
    RED.events.on("flows:stopping", () => tests.stopAll());
  }
  routes.post("connection-tests", async ({ body }) => ({
    id: await tests.start(orderOf(RED, readTestRequest(body))),
  }));
  routes.get("connection-tests/:id", ({ params }) => tests.look(String(params["id"])));
  routes.post("connection-tests/:id/letters", async ({ params, body }) =>
    (await tests.judge(String(params["id"]), readVerdict(body))) ? {} : undefined,
  );
  routes.delete("connection-tests/:id", ({ params }) =>
    tests.cancel(String(params["id"])) ? {} : undefined,
  );
}

/** @throws INVALID_CONFIG, INVALID_CREDENTIAL */
function orderOf(RED: NodeAPI, request: TestRequest): TestOrder {
  const { kind, modem, flow, recipient } = request;
  if (isSubflow(RED, flow)) throw invalid("flow", "is a subflow, whose values come from each instance");
  const settings = typedSettings(request, deployedModem(RED, modem), environmentOf(RED, flow));
  const directory = modemDirectory(RED, modem === "" ? "connection-test" : modem);
  const notesIn = (modem: string): FolderStore => new FolderStore(notesDirectory(modem, settings.connection));
  const notes = notesIn(directory);
  const store = isInUse(directory) ? notesIn(join(directory, "connection-test")) : notes;
  const tell =
    (level: "warn" | "info" | "debug" | "error") =>
    (message: string): void =>
      RED.log[level](`quectel-modem: test from the editor: ${message}`);
  return {
    kind,
    settings,
    recipient,
    clock: systemClock,
    log: { error: tell("error"), warn: tell("warn"), info: tell("debug"), debug: tell("debug") },
    store,
    // What the outbox asks for a lost result may not be answered by the result of a test mail.
    testNotes: (inUse = directory) => notesIn(inUse),
    // A PIN that was refused once must not be sent again by the modem that is deployed then.
    pinMemory: keptPin(notes),
    // For the modem of the dialog, whoever has its port now.
    readable: new ReadableCodings(notes),
    versions: versions(RED),
  };
}

/** True while the modem of the flows reads and writes its own notes. */
function isInUse(directory: string): boolean {
  return deployedModems().some(({ host }) => host.inUse !== undefined && host.directory === directory);
}

function versions(RED: NodeAPI): string {
  const { name, version } = manifest;
  const nodeRed: unknown = Reflect.get(RED.settings, "version");
  return `${name} ${version}, Node-RED ${String(nodeRed)}, Node.js ${process.version} on ${process.platform} ${process.arch}`;
}
