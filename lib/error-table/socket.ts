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
    text: "A TCP connection of the module failed without a reason",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_BLOCKED: {
    number: 551,
    text: "The module is still busy with the same operation",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_PARAMETER: {
    number: 552,
    text: "The module does not accept the server's name, the port or the context of a TCP connection",
    hint: "Check the server's name and port and the number of the context.",
    class: "transient",
  },
  SOCKET_MEMORY: {
    number: 553,
    text: "The module has no memory left for a TCP connection",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_CREATE_FAILED: {
    number: 554,
    text: "The module could not create a TCP connection",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_UNSUPPORTED: {
    number: 555,
    text: "The module does not support TCP connections of its own",
    hint: "Update the module's firmware, or let the module's own mail client send the mails.",
    class: "setup",
  },
  SOCKET_BIND_FAILED: {
    number: 556,
    text: "The module could not bind a TCP connection to a local port",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_LISTEN_FAILED: {
    number: 557,
    text: "The module could not listen on a TCP port",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_WRITE_FAILED: {
    number: 558,
    text: "The module could not send on a TCP connection",
    hint: "It is retried automatically; if it persists, check signal and data connection.",
    class: "transient",
  },
  SOCKET_READ_FAILED: {
    number: 559,
    text: "The module could not receive on a TCP connection",
    hint: "It is retried automatically; if it persists, check signal and data connection.",
    class: "transient",
  },
  SOCKET_ACCEPT_FAILED: {
    number: 560,
    text: "The module could not accept a TCP connection",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_PDP_OPEN_FAILED: {
    number: 561,
    text: "The module could not activate the data connection for a TCP connection",
    hint: "Check APN, user and password, and that the SIM card has a data plan.",
    class: "transient",
  },
  SOCKET_PDP_CLOSE_FAILED: {
    number: 562,
    text: "The module could not deactivate the data connection of a TCP connection",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_IN_USE: {
    number: 563,
    text: "The TCP connections of the module are in use by others",
    hint: "It is retried automatically; if it persists, another program uses the sockets of the module.",
    class: "transient",
  },
  SOCKET_DNS_BUSY: {
    number: 564,
    text: "The module is still looking up another name",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_DNS_FAILED: {
    number: 565,
    text: "The server's name was not found",
    hint: "Check the server's name, the APN and the DNS servers of the context.",
    class: "transient",
  },
  SOCKET_CONNECT_FAILED: {
    number: 566,
    text: "The server refused the connection or could not be reached",
    hint: "Check the server's name and port, the signal, and whether the operator blocks the port.",
    class: "transient",
  },
  SOCKET_CLOSED: {
    number: 567,
    text: "The TCP connection was closed",
    hint: "It is retried automatically; if it persists, check signal and data connection.",
    class: "transient",
  },
  SOCKET_BUSY: {
    number: 568,
    text: "The module is busy with another TCP operation",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_TIMEOUT: {
    number: 569,
    text: "The server did not answer in time",
    hint: "Check the server's name and port, the signal, and whether the operator blocks the port.",
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
    text: "The module cancelled the sending on a TCP connection",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_NOT_ALLOWED: {
    number: 572,
    text: "The module does not allow a TCP connection now",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_PORT_BUSY: {
    number: 574,
    text: "The local TCP port is in use",
    hint: "It is retried automatically; if it persists, restart the module.",
    class: "transient",
  },
  SOCKET_STALLED: {
    text: "The server no longer acknowledges what is sent",
    hint: "It is retried automatically; if it persists, check signal and data connection.",
    class: "transient",
  },
  SOCKET_DAMAGED: {
    text: "Bytes of a TCP connection were lost or damaged between host and module",
    hint: "Switch flow control on (RTS/CTS) or lower the baud rate; the transfer is retried automatically.",
    class: "transient",
  },
} as const satisfies Record<string, ErrorRow>;
