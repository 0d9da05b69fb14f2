/** What `modem-status` tells of a modem: asked at the moment, as far as the module answers. */
import { iccid } from "../../../lib/quectel/commands/sim";
import { ifRefused, type Execute } from "../../../lib/quectel/execute";
import { networkSnapshot, type NetworkSnapshot } from "../../../lib/quectel/registration/registration";
import { simStatus } from "../../../lib/quectel/registration/sim";
import type { OutboxSummary } from "../../../lib/outbox/outbox-types";
import type { Assembly } from "../modem/assembly";
import type { StateName } from "../status/status";

export interface ModemReport extends Partial<NetworkSnapshot> {
  readonly state: StateName;
  readonly model?: string;
  readonly firmware?: string;
  /** `ready`, or the code that says why not. */
  readonly sim?: string;
  readonly pdp?: { readonly contextId: number; readonly active: boolean };
  /** ISO 8601: the time as the module shows it, and whether that can be right; that of the network where it sends one. */
  readonly clock?: { readonly time?: string; readonly plausible: boolean; readonly network?: string };
  readonly queue: OutboxSummary;
  readonly imei?: string;
  readonly iccid?: string;
}

export interface ReportOptions {
  readonly state: StateName;
  /** Numbers that identify module and card. */
  readonly includeIds: boolean;
  readonly signal: AbortSignal;
}

/** What is known is told in every state; what has to be asked only where the module answers. */
export async function reportOn(parts: Assembly, options: ReportOptions): Promise<ModemReport> {
  const { modem, pdp, outbox } = parts;
  const { identity } = modem;
  const known: ModemReport = {
    state: options.state,
    ...(identity === undefined ? {} : { model: identity.model, firmware: identity.firmware }),
    ...(pdp.active === undefined
      ? {}
      : { pdp: { contextId: parts.settings.network.contextId, active: pdp.active } }),
    queue: outbox.summary(),
    ...(options.includeIds && identity?.imei !== undefined ? { imei: identity.imei } : {}),
  };
  if (modem.state.name !== "ready" && modem.state.name !== "registering") return known;
  return { ...known, ...(await ask(parts, options)) };
}

async function ask(parts: Assembly, { includeIds, signal }: ReportOptions): Promise<Partial<ModemReport>> {
  const { modem, moduleClock } = parts;
  const execute: Execute = (command) => modem.execute(command, { priority: "low", signal });
  const sim = await simStatus(execute);
  if (sim.name !== "ready") return { sim: sim.error.code };
  const clock = await moduleClock.status(signal);
  const card = includeIds ? await ifRefused(execute(iccid()), async () => undefined) : undefined;
  return {
    sim: "ready",
    ...(await networkSnapshot(execute)),
    clock: {
      plausible: clock.plausible,
      ...(clock.time === undefined ? {} : { time: new Date(clock.time).toISOString() }),
      ...(clock.network === undefined ? {} : { network: new Date(clock.network).toISOString() }),
    },
    ...(card === undefined ? {} : { iccid: card }),
  };
}
