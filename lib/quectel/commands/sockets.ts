/**
 * TCP sockets of the module in buffer access mode: open, send, read, close, and what is said of them unasked.
 *
 * Source: Quectel TCP/IP AT Commands Manual (QIOPEN, QISEND, QIRD, QICLOSE, QISTATE, QISDE, QICFG). What to do with
 * a socket is decided in `sockets/`; direct push and transparent mode are not used.
 */
import { headerOf, nothing, num, parseParameters, str, type Block, type Command } from "../../at/command";
import { copyOf, detailOf, ModemError } from "../../errors";
import { firstParameters, required, TIMEOUT_MS } from "./common";

/** Ids of sockets: TCP, UDP and SSL together. */
export const SOCKET_IDS = 12;
/** Most bytes of one QISEND, and of one QIRD. */
export const LONGEST_SEND = 1460;
export const LONGEST_READ = 1500;

const ID = { min: 0, max: SOCKET_IDS - 1 } as const;

/**
 * Milliseconds for the result of an open (150 s in the manual), and for a block that the module takes (up to 120 s in
 * the manual of the BG95; no other names one).
 */
export const OPEN_MS = 150_000;
const SEND_MS = 125_000;
/** QICLOSE waits so many seconds for the peer before it drops the connection; the port is blocked meanwhile. */
const CLOSE_SECONDS = 1;

export interface SocketTarget {
  /** The PDP context, 1..16; it has to be active. */
  readonly contextId: number;
  /** Name or address; the module resolves it. */
  readonly host: string;
  /** 1..65535. */
  readonly port: number;
}

/** `error`, its detail led by `host:port`; an IPv6 address stands in brackets (RFC 3986 section 3.2.2). */
export function withTarget(
  error: ModemError,
  { host, port }: Pick<SocketTarget, "host" | "port">,
): ModemError {
  const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const detail = detailOf(error);
  return copyOf(error, { detail: detail === undefined ? target : `${target}, ${detail}` });
}

/** Opens a TCP connection in buffer access mode; OK comes at once, the result as a line of its own (`readOpened`). */
export const openSocket = (id: number, { contextId, host, port }: SocketTarget): Command<void> => ({
  line:
    `AT+QIOPEN=${num(contextId, { min: 1, max: 16 })},${num(id, ID)},"TCP",${str(host)},` +
    `${num(port, { min: 1, max: 65_535 })},0,0`,
  // The result has the header of the command and may come before its OK.
  headers: [],
  timeoutMs: OPEN_MS,
  parse: nothing,
});

/** Asks for the ranges of QIOPEN, which tells whether the module knows it. */
export const socketRanges = (): Command<void> => ({
  line: "AT+QIOPEN=?",
  headers: ["+QIOPEN"],
  timeoutMs: TIMEOUT_MS.short,
  parse: nothing,
});

/** The error number of the result of an open, 0 for none; undefined for any other line. */
export function readOpened(line: string, id: number): number | undefined {
  if (headerOf(line) !== "+QIOPEN") return undefined;
  const parameters = parseParameters(line);
  return parameters.integer(0) === id ? parameters.integer(1) : undefined;
}

/** What became of a block: `full` means that the module has no room for it now. */
export type SendResult = "taken" | "full";

/** Sends 1 to 1460 bytes: the prompt, exactly these bytes, `SEND OK` or `SEND FAIL`, and no OK besides. */
export const sendBlock = (id: number, bytes: Uint8Array): Command<SendResult> => ({
  line: `AT+QISEND=${num(id, ID)},${num(bytes.length, { min: 1, max: LONGEST_SEND })}`,
  headers: [],
  endings: ["SEND OK", "SEND FAIL"],
  timeoutMs: SEND_MS,
  payload: { size: bytes.length, source: bytes, prompted: true },
  parse: ({ ending }) => (required(ending, "SEND OK") === "SEND OK" ? "taken" : "full"),
});

/** Bytes since the open, in one direction. */
export interface SentCounts {
  readonly total: number;
  /** The peer has them. */
  readonly acknowledged: number;
}

export const sentCounts = (id: number): Command<SentCounts> => ({
  line: `AT+QISEND=${num(id, ID)},0`,
  headers: ["+QISEND"],
  timeoutMs: TIMEOUT_MS.short,
  parse: (response) => {
    const parameters = firstParameters(response);
    return {
      total: required(parameters.integer(0), "the number of bytes sent"),
      acknowledged: required(parameters.integer(1), "the number of bytes acknowledged"),
    };
  },
});

/** Reads what waits in the module, up to 1500 bytes; none when its buffer is empty. */
export const readBlock = (id: number, framing: Block["framing"]): Command<Buffer> => ({
  line: `AT+QIRD=${num(id, ID)},${LONGEST_READ}`,
  headers: ["+QIRD"],
  block: { header: "+QIRD", longest: LONGEST_READ, framing },
  timeoutMs: TIMEOUT_MS.short,
  parse: ({ data }) => required(data, "the number of bytes"),
});

export interface ReadCounts {
  /** Bytes that have come from the peer since the open. */
  readonly total: number;
  /** Bytes that QIRD has given out since the open. */
  readonly read: number;
}

export const readCounts = (id: number): Command<ReadCounts> => ({
  line: `AT+QIRD=${num(id, ID)},0`,
  headers: ["+QIRD"],
  timeoutMs: TIMEOUT_MS.short,
  parse: (response) => {
    const parameters = firstParameters(response);
    return {
      total: required(parameters.integer(0), "the number of bytes received"),
      read: required(parameters.integer(1), "the number of bytes read"),
    };
  },
});

/** Ends a connection, and frees the id of one that has ended. */
export const closeSocket = (id: number): Command<void> => ({
  line: `AT+QICLOSE=${num(id, ID)},${CLOSE_SECONDS}`,
  headers: [],
  timeoutMs: CLOSE_SECONDS * 1000 + TIMEOUT_MS.short,
  parse: nothing,
});

/** `<socket_state>`; 3 is said of a good connection by one firmware (BG96), so only 4 and no line mean its end. */
export type SocketState = "opening" | "connected" | "closing";

export interface SocketInfo {
  readonly state: SocketState;
  readonly remotePort: number | undefined;
}

/** The socket of this id; undefined when the module names none. */
export const socketInfo = (id: number): Command<SocketInfo | undefined> => ({
  line: `AT+QISTATE=1,${num(id, ID)}`,
  headers: ["+QISTATE"],
  timeoutMs: TIMEOUT_MS.short,
  parse: ({ lines }) => {
    const parameters = lines
      .map((line) => parseParameters(line))
      .find((parameters) => parameters.integer(0) === id);
    if (parameters === undefined) return undefined;
    const state = required(parameters.integer(5), "the state of the socket");
    return {
      state: state < 2 ? "opening" : state < 4 ? "connected" : "closing",
      remotePort: parameters.integer(3),
    };
  },
});

/** Data wait, or the connection has been closed. */
export type SocketNews = "data" | "closed";

/** What a line says of a socket unasked; undefined for any other line. */
export function readSocketNews(line: string): { readonly id: number; readonly news: SocketNews } | undefined {
  if (headerOf(line) !== "+QIURC") return undefined;
  const parameters = parseParameters(line);
  const [what, id] = [parameters.text(0), parameters.integer(1)];
  if (id === undefined) return undefined;
  if (what === "recv") return { id, news: "data" };
  return what === "closed" ? { id, news: "closed" } : undefined;
}

/** No echo of what QISEND sends: an echo would be read as lines of the module. */
export const noDataEcho = (): Command<void> => ({
  line: "AT+QISDE=0",
  headers: [],
  timeoutMs: TIMEOUT_MS.short,
  parse: nothing,
});

/** Settings of the TCP/IP stack that change what goes over the line; the module forgets them with its power. */
export type SocketSetting = "dataformat" | "viewmode" | "recvind";

/** The numbers of a setting, `[0, 0]`. */
export const socketSetting = (name: SocketSetting): Command<readonly number[]> => ({
  line: `AT+QICFG=${str(name)}`,
  headers: ["+QICFG"],
  timeoutMs: TIMEOUT_MS.short,
  parse: (response) => {
    const parameters = firstParameters(response);
    return Array.from({ length: parameters.length - 1 }, (_value, index) =>
      required(parameters.integer(index + 1), name),
    );
  },
});

export const setSocketSetting = (name: SocketSetting, values: readonly number[]): Command<void> => {
  if (values.length === 0) throw new ModemError("INVALID_ARGUMENT", { detail: name });
  return {
    line: `AT+QICFG=${str(name)},${values.map((value) => num(value)).join(",")}`,
    headers: [],
    timeoutMs: TIMEOUT_MS.short,
    parse: nothing,
  };
};
