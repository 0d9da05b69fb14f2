/**
 * Errors 550..574 of the module's TCP/IP stack, from `+QIOPEN` and `AT+QIGETERROR`, and what this package itself
 * finds out about a connection.
 *
 * Source: Quectel TCP/IP AT Commands Manual, summary of error codes. 573 is `PDP_NO_APN`; 575..579 are in no manual
 * and count as 550. The class is our own judgement.
 */
import type { ErrorRow } from "./row";

export const SOCKET_ERRORS = {
  SOCKET_FAILED: {
    number: 550,
    text: "A TCP connection of the module failed for an unknown reason",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_BLOCKED: {
    number: 551,
    text: "The module is still busy with the same operation",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_PARAMETER: {
    number: 552,
    text: "The module does not accept the server's name, the port or the context of a TCP connection",
    hint: "Check Server and Port on the modem's Mail server tab, and PDP context on the Network tab.",
    class: "transient",
  },
  SOCKET_MEMORY: {
    number: 553,
    text: "The module has no memory left for a TCP connection",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_CREATE_FAILED: {
    number: 554,
    text: "The module could not create a TCP connection",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_UNSUPPORTED: {
    number: 555,
    text: "The module does not support TCP sockets",
    hint: "Update the module's firmware, or set \"Sent by\" on the modem's Mail server tab to the module's own mail client.",
    class: "setup",
  },
  SOCKET_BIND_FAILED: {
    number: 556,
    text: "The module could not bind a TCP connection to a local port",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_LISTEN_FAILED: {
    number: 557,
    text: "The module could not listen on a TCP port",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_WRITE_FAILED: {
    number: 558,
    text: "The module could not send on a TCP connection",
    hint: "Retried automatically. If the error persists, check signal and data connection.",
    class: "transient",
  },
  SOCKET_READ_FAILED: {
    number: 559,
    text: "The module could not receive on a TCP connection",
    hint: "Retried automatically. If the error persists, check signal and data connection.",
    class: "transient",
  },
  SOCKET_ACCEPT_FAILED: {
    number: 560,
    text: "The module could not accept a TCP connection",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_PDP_OPEN_FAILED: {
    number: 561,
    text: "The module could not activate the data connection for a TCP connection",
    hint: "Check APN, APN username and APN password on the modem's Network tab, and that the SIM card has a data plan.",
    class: "transient",
  },
  SOCKET_PDP_CLOSE_FAILED: {
    number: 562,
    text: "The module could not deactivate the data connection of a TCP connection",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_IN_USE: {
    number: 563,
    text: "The module's TCP connections are in use by another program",
    hint: "Retried automatically. If the error persists, another program is using the module's sockets.",
    class: "transient",
  },
  SOCKET_DNS_BUSY: {
    number: 564,
    text: "The module is still looking up another name",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_DNS_FAILED: {
    number: 565,
    text: "The server's name was not found",
    hint: "Check Server on the modem's Mail server tab, APN on the Network tab, and the DNS servers of the context.",
    class: "transient",
  },
  SOCKET_CONNECT_FAILED: {
    number: 566,
    text: "The server refused the connection or could not be reached",
    hint: "Check Server and Port on the modem's Mail server tab, the signal, and whether the operator blocks the port.",
    class: "transient",
  },
  SOCKET_CLOSED: {
    number: 567,
    text: "The TCP connection was closed",
    hint: "Retried automatically. If the error persists, check signal and data connection.",
    class: "transient",
  },
  SOCKET_BUSY: {
    number: 568,
    text: "The module is busy with another TCP operation",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_TIMEOUT: {
    number: 569,
    text: "The server did not answer in time",
    hint: "Check Server and Port on the modem's Mail server tab, the signal, and whether the operator blocks the port.",
    class: "transient",
  },
  SOCKET_PDP_BROKEN: {
    number: 570,
    text: "The data connection broke while a TCP connection was open",
    hint: "The data connection is activated again automatically.",
    class: "transient",
  },
  SOCKET_SEND_CANCELLED: {
    number: 571,
    text: "The module cancelled a transmission on a TCP connection",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_NOT_ALLOWED: {
    number: 572,
    text: "The module does not allow a TCP connection now",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_PORT_BUSY: {
    number: 574,
    text: "The local TCP port is in use",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SOCKET_STALLED: {
    text: "The server no longer acknowledges what is sent",
    hint: "Retried automatically. If the error persists, check signal and data connection.",
    class: "transient",
  },
  SOCKET_DAMAGED: {
    text: "Bytes of a TCP connection were lost or damaged between host and module",
    hint: "Set Flow control to RTS/CTS or lower the baud rate. The transfer is retried automatically.",
    class: "transient",
  },
} as const satisfies Record<string, ErrorRow>;
