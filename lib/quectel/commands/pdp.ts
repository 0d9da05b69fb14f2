/** PDP context commands: Quectel EC2x TCP/IP AT Commands Manual (QICSGP, QIACT, QIDEACT, QIGETERROR). */
import { nothing, num, parseParameters, str, type Command } from "../../at/command";
import type { NetworkSettings } from "../settings";
import { firstParameters, required, TIMEOUT_MS } from "./common";

export type IpType = NetworkSettings["ipType"];

/** `<context_type>` */
const IP_TYPES = { ipv4: 1, ipv6: 2, ipv4v6: 3 } as const satisfies Record<IpType, number>;
/** `<authentication>` */
const AUTHENTICATIONS = { none: 0, pap: 1, chap: 2, either: 3 } as const satisfies Record<
  NetworkSettings["apnAuth"],
  number
>;

const CONTEXT = { min: 1, max: 16 } as const;

/** What a context is defined as. */
export interface PdpDefinition {
  /** `<context_type>`: 1 IPv4, 2 IPv6, 3 both. */
  readonly type: number;
  readonly apn: string;
  readonly user: string;
  readonly password: string;
  /** `<authentication>`: 0 none, 1 PAP, 2 CHAP, 3 either. */
  readonly auth: number;
}

/** The definition that the settings ask for. */
export function definitionOf(settings: NetworkSettings): PdpDefinition {
  return {
    type: IP_TYPES[settings.ipType],
    apn: settings.apn,
    user: settings.apnUser,
    password: settings.apnPassword,
    auth: AUTHENTICATIONS[settings.apnAuth],
  };
}

/** `<context_type>` in words; undefined for a number that has none. */
export function ipTypeOf(type: number | undefined): IpType | undefined {
  return (["ipv4", "ipv6", "ipv4v6"] as const).find((name) => IP_TYPES[name] === type);
}

/** Takes effect with the next activation. */
export const defineContext = (contextId: number, definition: PdpDefinition): Command<void> => {
  const { type, apn, user, password, auth } = definition;
  return {
    line: `AT+QICSGP=${num(contextId, CONTEXT)},${num(type)},${str(apn)},${str(user)},${str(password)},${num(auth)}`,
    headers: [],
    timeoutMs: TIMEOUT_MS.short,
    secrets: [password],
    parse: nothing,
  };
};

/** Undefined where the context was never defined. */
export const contextDefinition = (contextId: number): Command<PdpDefinition | undefined> => ({
  line: `AT+QICSGP=${num(contextId, CONTEXT)}`,
  headers: ["+QICSGP"],
  timeoutMs: TIMEOUT_MS.short,
  parse: ({ lines }) => {
    const [line] = lines;
    if (line === undefined) return undefined;
    const parameters = parseParameters(line);
    return {
      type: required(parameters.integer(0), "the type of the context"),
      apn: parameters.text(1) ?? "",
      user: parameters.text(2) ?? "",
      password: parameters.text(3) ?? "",
      auth: parameters.integer(4) ?? 0,
    };
  },
});

export interface ActiveContext {
  readonly contextId: number;
  readonly ipType: IpType | undefined;
  /** IPv4 and IPv6 addresses in the order of the module. */
  readonly addresses: readonly string[];
}

/** All active contexts. */
export const activeContexts = (): Command<readonly ActiveContext[]> => ({
  line: "AT+QIACT?",
  headers: ["+QIACT"],
  timeoutMs: TIMEOUT_MS.activate,
  parse: ({ lines }) =>
    lines
      .map((line) => parseParameters(line))
      .filter((parameters) => parameters.integer(1) === 1)
      .map((parameters) => ({
        contextId: required(parameters.integer(0), "the number of the context"),
        ipType: ipTypeOf(parameters.integer(2)),
        addresses: [parameters.text(3), parameters.text(4)].filter((address) => address !== undefined),
      })),
});

/** Takes the port for up to 150 s. */
export const activateContext = (contextId: number): Command<void> => ({
  line: `AT+QIACT=${num(contextId, CONTEXT)}`,
  headers: [],
  timeoutMs: TIMEOUT_MS.activate,
  parse: nothing,
});

/** Takes up to 40 s; ends every connection of the context. */
export const deactivateContext = (contextId: number): Command<void> => ({
  line: `AT+QIDEACT=${num(contextId, CONTEXT)}`,
  headers: [],
  timeoutMs: TIMEOUT_MS.deactivate,
  parse: nothing,
});

export interface TcpipError {
  /** 0, or 550..574. */
  readonly number: number;
  readonly text: string;
}

/** Number of TCP/IP error "APN not configured". */
export const APN_NOT_CONFIGURED = 573;

/** And of "operation is not allowed": the context is active already, or the card may have no further one. */
export const NOT_ALLOWED = 572;

/** Numbers of all contexts that are active, whoever activated them (3GPP TS 27.007 section 10.1.10). */
export const activeNumbers = (): Command<readonly number[]> => ({
  line: "AT+CGACT?",
  headers: ["+CGACT"],
  timeoutMs: TIMEOUT_MS.activate,
  parse: ({ lines }) =>
    lines
      .map((line) => parseParameters(line))
      .filter((parameters) => parameters.integer(1) === 1)
      .map((parameters) => required(parameters.integer(0), "the number of the context")),
});

/** What the last failed TCP/IP command failed of. */
export const lastTcpipError = (): Command<TcpipError> => ({
  line: "AT+QIGETERROR",
  headers: ["+QIGETERROR"],
  timeoutMs: TIMEOUT_MS.short,
  parse: (response) => {
    const parameters = firstParameters(response);
    return {
      number: required(parameters.integer(0), "the error number"),
      text: parameters.text(1) ?? "",
    };
  },
});

/** The context of which a line with the header `+QIURC` says that the network has ended it; undefined for any other. */
export function readDeactivation(line: string): number | undefined {
  const parameters = parseParameters(line);
  return parameters.text(0) === "pdpdeact" ? parameters.integer(1) : undefined;
}
