/** The endpoints that the sidebar asks: what is known of each modem, and what a person can do with it. */
import type { NodeAPI } from "node-red";
import { ModemError } from "../../../lib/errors";
import type { AdminRequest, AdminRoutes } from "../admin/admin-routes";
import { ACTIONS, isAction } from "./actions";
import { leftMails, performOnLeft } from "./left-mails";
import { listModems, monitorOf } from "./modems";
import type { ModemMonitor } from "./monitor";

export function registerSidebarEndpoints(RED: NodeAPI, routes: AdminRoutes): void {
  routes.get("modems", () => listModems());
  routes.get("left", () => leftMails(RED));
  routes.post("left", (request) => performOnLeft(RED, bodyOf(request)));
  routes.get("modems/:id", (request) => of(request)?.view());
  routes.get("modems/:id/trace", (request) => {
    const monitor = of(request);
    return monitor && { lines: monitor.trace() };
  });
  routes.get("modems/:id/report", async (request) => {
    const monitor = of(request);
    return monitor && { text: await monitor.report() };
  });
  routes.post("modems/:id", async (request) => {
    const monitor = of(request);
    if (monitor === undefined) return undefined;
    const { action, mail } = bodyOf(request);
    if (!isAction(action)) throw new ModemError("INVALID_ACTION", { detail: ACTIONS.join(", ") });
    await monitor.perform(action, typeof mail === "string" ? mail : undefined);
    return monitor.view();
  });
}

/** Undefined where the modem is not in the running flows. */
function of({ params }: AdminRequest): ModemMonitor | undefined {
  return monitorOf(String(params["id"]));
}

function bodyOf({ body }: AdminRequest): Readonly<Record<string, unknown>> {
  return typeof body === "object" && body !== null ? { ...body } : {};
}
