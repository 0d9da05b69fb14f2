/** The steps of the diagnosis, in the order of a mail's way. Each looks at one thing and says what it found. */
import { isIP } from "node:net";
import { limited } from "../../async";
import type { Command } from "../../at/command";
import { isModemError, ModemError, SPECIAL_HINTS, type SpecialHint } from "../../errors";
import { packetAttached, signalQuality } from "../commands/network";
import { contextDefinition } from "../commands/pdp";
import { found, type FINDINGS } from "./findings";
import { failure, type DiagnosisContext, type DiagnosisStep, type Finding } from "./diagnosis-report";
import { lookAtLogin, lookAtTls } from "./diagnosis-server";
import { ifRefused, type Execute } from "../execute";
import { addressOf, repliesToPing } from "../network/lookups";
import type { TimeSource } from "../network/module-clock";
import { mailSupportOf } from "../connection/models";
import { WITHOUT_SOCKETS, type ModuleSockets } from "../sockets/module-sockets";
import { stateWhere } from "../connection/modem-state";
import { queryRegistration, registrationError, signalDbm } from "../registration/registration";

export const DIAGNOSIS_STEPS: readonly DiagnosisStep[] = [
  { name: "port", needs: [], look: lookAtPort },
  { name: "at", needs: ["port"], look: lookAtModule },
  { name: "sim", needs: ["at"], look: lookAtSim },
  { name: "registration", needs: ["sim"], look: lookAtRegistration },
  { name: "signal", needs: ["at"], look: lookAtSignal },
  { name: "apn", needs: ["at"], look: lookAtApn },
  { name: "pdp", needs: ["registration"], look: lookAtPdp },
  { name: "clock", needs: ["pdp"], look: lookAtClock },
  { name: "dns", needs: ["pdp"], look: lookAtDns },
  { name: "server", needs: ["dns"], look: lookAtServer },
  { name: "tls", needs: [], look: lookAtTls },
  { name: "login", needs: [], look: lookAtLogin },
];

/** Below this many dBm mails with attachments often fail. */
const WEAK_SIGNAL = -97;

function lookAtPort({ modem }: DiagnosisContext): Finding {
  const { state, portRemark } = modem;
  const error = state.name === "offline" ? state.error : undefined;
  if (error?.code.startsWith("PORT_") === true) return failure(error);
  // The modem is used nevertheless.
  return portRemark === undefined ? ok(found("portOpen")) : { ...failure(portRemark), status: "warning" };
}

function lookAtModule({ modem, checkedBy }: DiagnosisContext): Finding {
  const { state, identity } = modem;
  if (state.name !== "registering" && state.name !== "ready") return failure(modem.notReady());
  const { manufacturer = "", model = "", firmware = "" } = identity ?? {};
  const detail = found("module", { module: `${manufacturer} ${model}`.trim(), firmware });
  switch (mailSupportOf(model)) {
    case "manual":
    case "related":
      return ok(detail);
    case "otherDialect":
      return warning(detail, SPECIAL_HINTS.otherMailCommands);
    case "noClient":
      // Without a client of its own it still takes mails over a connection.
      return checkedBy === "host" ? ok(detail) : warning(detail, SPECIAL_HINTS.modelWithoutMailClient);
    case "unknown":
      return warning(detail, SPECIAL_HINTS.unknownModule);
  }
}

/** Milliseconds for a card that is busy, which a missing one is called for a while. */
const CARD_TIME_MS = 15_000;

async function lookAtSim({ modem }: DiagnosisContext, signal?: AbortSignal): Promise<Finding> {
  await waitAtMost(modem, CARD_TIME_MS, () => simError(modem)?.code !== "SIM_BUSY", signal);
  const error = simError(modem);
  return error === undefined ? ok(found("simReady")) : failure(error);
}

function simError({ state }: DiagnosisContext["modem"]): ModemError | undefined {
  if (state.name !== "registering" || state.waitingFor !== "sim") return undefined;
  return state.error ?? new ModemError("SIM_BUSY");
}

/** Resolves when `condition` holds, or after `ms` in any case; rejects only with the reason of `signal`. */
async function waitAtMost(
  modem: DiagnosisContext["modem"],
  ms: number,
  condition: () => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  await limited(modem.clock, ms, signal, (ends) => stateWhere(modem, condition, ends)).catch(() =>
    signal?.throwIfAborted(),
  );
}

/** Milliseconds for a module that was just switched on: it finds its network and its mail client in this time. */
const NETWORK_TIME_MS = 30_000;

async function lookAtRegistration({ modem }: DiagnosisContext, signal?: AbortSignal): Promise<Finding> {
  await waitAtMost(modem, NETWORK_TIME_MS, () => !isStarting(modem), signal);
  const { status, technology } = await queryRegistration(executor(modem, signal));
  const { state } = modem;
  const error = registrationError(status);
  if (error !== undefined) {
    // The supervisor may know why, as with a radio that is off.
    const known = state.name === "registering" && state.waitingFor === "network" ? state.error : undefined;
    return failure(known ?? error);
  }
  if (state.name === "registering" && state.waitingFor === "application") return failure(state.error);
  return ok(
    found(status === "roaming" ? "roaming" : "home", {
      technology: technology === undefined ? "" : ` · ${technology}`,
    }),
  );
}

/** Whether the module still looks for its network or starts its mail client, and no person is needed for it. */
function isStarting({ state }: DiagnosisContext["modem"]): boolean {
  if (state.name !== "registering" || state.waitingFor === "sim") return false;
  const { error } = state;
  return error?.code !== "NETWORK_DENIED" && !NEEDS_A_PERSON.has(error?.hint ?? "");
}

const NEEDS_A_PERSON: ReadonlySet<string> = new Set([SPECIAL_HINTS.radioOff, SPECIAL_HINTS.noMailClient]);

async function lookAtSignal({ modem }: DiagnosisContext, signal?: AbortSignal): Promise<Finding> {
  const dbm = signalDbm(await executor(modem, signal)(signalQuality()));
  if (dbm === undefined) return warning(found("signalUnknown"), SPECIAL_HINTS.signalUntold);
  if (dbm >= WEAK_SIGNAL) return ok(`${dbm} dBm`);
  return warning(found("signalWeak", { dbm }), SPECIAL_HINTS.signalWeak);
}

async function lookAtApn({ modem, network }: DiagnosisContext, signal?: AbortSignal): Promise<Finding> {
  const { apn, contextId, shared } = network;
  if (apn !== "" && !shared) return ok(found("apnSet", { apn, context: contextId }));
  const present = await ifRefused(
    executor(modem, signal)(contextDefinition(contextId)),
    async () => undefined,
  );
  const held = present?.apn ?? "";
  if (held !== "") return ok(found("apnStored", { apn: held, context: contextId }));
  return warning(found("apnNone", { context: contextId }), SPECIAL_HINTS.noApn);
}

async function lookAtPdp({ modem, pdp, lease }: DiagnosisContext, signal?: AbortSignal): Promise<Finding> {
  // Who holds the lock wants to know whether these settings work, not whether any do.
  if (lease === undefined) {
    const present = await pdp.query(signal);
    if (present.active) return ok(activeText(present));
    if (modem.lock.held) {
      return skipped(found("activeLater"));
    }
  }
  try {
    await modem.lock.run(() => pdp.ensure(signal), {
      ...(signal === undefined ? {} : { signal }),
      ...(lease === undefined ? {} : { borrowed: lease }),
    });
    return ok(activeText(await pdp.query(signal)));
  } catch (error) {
    if (!isModemError(error, "PDP_ACTIVATION_FAILED")) throw error;
    const attached = await ifRefused(executor(modem, signal)(packetAttached()), async () => true);
    return attached
      ? failure(error)
      : failure(new ModemError(error.code, { detail: "no packet service (CGATT 0)" }));
  }
}

/** What is said of the module's clock, by where the right time came from. */
const CLOCK_FINDINGS = {
  module: "clockRight",
  network: "clockFromNetwork",
  timeServer: "clockFromTimeServer",
  host: "clockFromHost",
} as const satisfies Record<TimeSource, keyof typeof FINDINGS>;

/** The clock by which certificates are checked: that of the module, which is set where it is wrong, or that of the host. */
async function lookAtClock(context: DiagnosisContext, signal?: AbortSignal): Promise<Finding> {
  const { moduleClock, smtp, checkedBy = "module" } = context;
  if (smtp.security === "none" || !smtp.tls.verify) return skipped(found("noCertificate"));
  const host = checkedBy === "module" ? undefined : await lookAtHostClock(context, signal);
  if (host !== undefined && (checkedBy === "host" || host.status !== "ok")) return host;
  return ok(found(CLOCK_FINDINGS[await moduleClock.ensure(signal)]));
}

/** Certificates are valid for months; a clock that shows local time as UTC does no harm either. */
const CLOCK_TOLERANCE_MS = 24 * 3600_000;

/** Whether the host's clock agrees with the network's time, where the network tells it. Sets nothing. */
async function lookAtHostClock(
  { modem, moduleClock }: DiagnosisContext,
  signal: AbortSignal | undefined,
): Promise<Finding> {
  const host = modem.clock.wall();
  const network = await moduleClock.network(signal);
  const shown = new Date(host).toISOString();
  if (network === undefined) return ok(found("hostClock", { host: shown }));
  const both = found("bothClocks", { host: shown, network: new Date(network).toISOString() });
  if (Math.abs(host - network) < CLOCK_TOLERANCE_MS) return ok(both);
  // No proof: only the check of a certificate decides.
  return { ...failure(new ModemError("SMTP_TLS_CLOCK", { detail: both })), status: "warning" };
}

async function lookAtDns({ modem, network, smtp }: DiagnosisContext, signal?: AbortSignal): Promise<Finding> {
  if (smtp.host === "") return skipped(found("noServer"));
  if (isIP(smtp.host) !== 0) return ok(found("isAddress", { host: smtp.host }));
  const address = await addressOf(modem, network.contextId, smtp.host, signal);
  return ok(found("address", { host: smtp.host, address }));
}

/** Whether the mail server takes a connection; where the module cannot open one, whether it answers a ping. */
async function lookAtServer(context: DiagnosisContext, signal?: AbortSignal): Promise<Finding> {
  const { modem, network, smtp, sockets, lease } = context;
  if (sockets !== undefined) {
    if (lease === undefined && modem.lock.held) {
      return skipped(found("serverLater"));
    }
    try {
      return await connectTo(context, sockets, signal);
    } catch (error) {
      if (!isModemError(error) || !WITHOUT_SOCKETS.has(error.code)) throw error;
    }
  }
  const replies = await ifRefused(repliesToPing(modem, network.contextId, smtp.host, signal), async () => 0);
  if (replies > 0) return ok(found("pong", { host: smtp.host }));
  return warning(found("noPong", { host: smtp.host }), SPECIAL_HINTS.noPing);
}

/** Opens a TCP connection to the mail server and closes it without a word. */
async function connectTo(
  { modem, network, smtp, lease }: DiagnosisContext,
  sockets: ModuleSockets,
  signal: AbortSignal = new AbortController().signal,
): Promise<Finding> {
  const { contextId } = network;
  const { host, port } = smtp;
  return modem.lock.run(
    async () => {
      const begun = modem.clock.now();
      const socket = await sockets.connect({ contextId, host, port }, signal);
      const ms = Math.round(modem.clock.now() - begun);
      socket.on("error", () => undefined).destroy();
      await sockets.settled();
      return ok(found("connected", { host, port, ms }));
    },
    { signal, ...(lease === undefined ? {} : { borrowed: lease }) },
  );
}

function activeText({ contextId, ip, ip6 }: { contextId: number; ip?: string; ip6?: string }): string {
  const addresses = [ip, ip6].filter((address) => address !== undefined).join(", ");
  return found("active", { context: contextId, addresses });
}

function executor(modem: DiagnosisContext["modem"], signal: AbortSignal | undefined): Execute {
  const options = signal === undefined ? {} : { signal };
  return <T>(command: Command<T>) => modem.execute(command, options);
}

function ok(detail: string): Finding {
  return { status: "ok", detail };
}

function skipped(detail: string): Finding {
  return { status: "skipped", detail };
}

function warning(detail: string, hint: SpecialHint): Finding {
  return { status: "warning", detail, hint };
}
