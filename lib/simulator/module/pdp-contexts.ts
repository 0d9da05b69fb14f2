/**
 * PDP contexts of the module: definitions, activation, loss (fact base 6).
 *
 * An active context carries an AbortSignal that ends whatever runs over it when the context goes.
 */
import { setMaxListeners } from "node:events";
import { hasPacketService } from "./registration";
import { stateKey, type Device } from "../device/device";
import type { TcpipError } from "../device/tcpip-errors";
import { cell } from "./world";

export interface ContextDefinition {
  /** 1 IPv4, 2 IPv6, 3 both. */
  readonly type: number;
  readonly apn: string;
  readonly user: string;
  readonly password: string;
  /** 0 none, 1 PAP, 2 CHAP, 3 either. */
  readonly auth: number;
}

export interface ActiveContext {
  readonly kind: "active";
  readonly type: number;
  /** One address, or an IPv4 and an IPv6 address. */
  readonly addresses: readonly string[];
  readonly end: AbortController;
}

/** `lost`: taken away by the network and not yet given up by QIDEACT. */
type Connection = ActiveContext | { readonly kind: "lost" };

export const HIGHEST_CONTEXT = 16;
const MOST_ACTIVE = 3;

/** What the operator asks of a context, undefined accepts anything, and how many of them the card may have at once. */
export const subscription = stateKey<{
  apn?: string;
  user?: string;
  password?: string;
  mostContexts?: number;
}>("world", "subscription", () => ({}));

const empty: ContextDefinition = { type: 1, apn: "", user: "", password: "", auth: 0 };
/** Context 1 is the one of the LTE attach and always has a definition. */
const factoryDefinitions = (): Map<number, ContextDefinition> => new Map([[1, empty]]);
const keptDefinitions = stateKey("flash", "stored PDP definitions", factoryDefinitions);
const lostDefinitions = stateKey("start", "PDP definitions", factoryDefinitions);
const connections = stateKey("start", "PDP connections", () => new Map<number, Connection>());

/** Definitions by context; a context not in the map was never defined. */
export function definitions(modem: Device): Map<number, ContextDefinition> {
  return modem.state(modem.variants["pdp-after-restart"] === "kept" ? keptDefinitions : lostDefinitions);
}

/** The definition as QICSGP shows it. */
export function definitionOf(modem: Device, id: number): ContextDefinition {
  return definitions(modem).get(id) ?? empty;
}

export function activeContext(modem: Device, id: number): ActiveContext | undefined {
  const connection = modem.state(connections).get(id);
  return connection?.kind === "active" ? connection : undefined;
}

/** Active contexts in the order of their numbers. */
export function activeContexts(modem: Device): readonly (readonly [number, ActiveContext])[] {
  return [...modem.state(connections)]
    .flatMap(([id, connection]) => (connection.kind === "active" ? [[id, connection] as const] : []))
    .sort(([one], [other]) => one - other);
}

/** Activates at once; 0 or the reason why not. */
export function activate(modem: Device, id: number): TcpipError {
  const all = modem.state(connections);
  const present = all.get(id);
  if (present?.kind === "active") return modem.variants["activate-active"] === "ok" ? 0 : 572;
  if (present?.kind === "lost" && modem.variants["activate-lost"] === "error") return 570;
  const { mostContexts = MOST_ACTIVE } = modem.state(subscription);
  if (activeContexts(modem).length >= mostContexts) return 572;
  const definition = definitions(modem).get(id);
  if (definition === undefined) return 573;
  if (!hasPacketService(modem) || !modem.state(cell).grantsContext || !isSubscribed(modem, definition))
    return 561;
  all.set(id, {
    kind: "active",
    type: definition.type,
    addresses: addressesOf(id, definition.type),
    end: endOfContext(),
  });
  return 0;
}

/** Gives a context up; whatever runs over it ends. */
export function deactivate(modem: Device, id: number): void {
  endContext(activeContext(modem, id), id);
  modem.state(connections).delete(id);
}

/** The network takes a context away, or all when `id` is undefined. @returns those that were active. */
export function loseContexts(modem: Device, id: number | undefined): readonly number[] {
  const lost = activeContexts(modem).filter(([active]) => id === undefined || id === active);
  for (const [number, context] of lost) {
    modem.state(connections).set(number, { kind: "lost" });
    endContext(context, number);
  }
  return lost.map(([number]) => number);
}

/** As many sockets and mails wait for the end of a context as use it. */
function endOfContext(): AbortController {
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  return end;
}

function endContext(context: ActiveContext | undefined, id: number): void {
  context?.end.abort(new Error(`PDP context ${id} is gone`));
}

function isSubscribed(modem: Device, { apn, user, password }: ContextDefinition): boolean {
  const asked = modem.state(subscription);
  return (
    (asked.apn === undefined || asked.apn.toLowerCase() === apn.toLowerCase()) &&
    (asked.user === undefined || asked.user === user) &&
    (asked.password === undefined || asked.password === password)
  );
}

function addressesOf(id: number, type: number): readonly string[] {
  const four = `10.20.30.${39 + id}`;
  const six = `2001:db8::${(39 + id).toString(16)}`;
  return type === 1 ? [four] : type === 2 ? [six] : [four, six];
}
