/** Switches of the TCP sockets: `module-sockets.md` of the fact base, whose section is named. */
import type { VariantSwitch } from "./variant-switch";

export const socketVariants = {
  "socket-commands": {
    values: ["present", "absent"],
    default: "present",
    description: "QIOPEN and the other socket commands: known, or ERROR.",
    source: "sockets 1",
  },
  "socket-prompt": {
    values: ["blank", "bare"],
    default: "blank",
    description: "Prompt of QISEND: > and a blank, or > alone.",
    source: "sockets 7",
  },
  "socket-echo": {
    values: ["on", "off"],
    default: "on",
    description: "QISDE after a start: the payload of QISEND is echoed, or not.",
    source: "sockets 7",
  },
  "read-line-ends": {
    values: ["one", "two"],
    default: "one",
    description: "Line ends between the data of QIRD and OK.",
    source: "sockets 7",
  },
  "recv-length": {
    values: ["0", "1"],
    default: "0",
    description: 'QICFG="recvind" when never set: "recv" without or with the number of bytes that wait.',
    source: "sockets 2, 3",
  },
  "recv-again": {
    values: ["emptied", "zero-read", "each"],
    default: "emptied",
    description:
      'When "recv" comes again: after QIRD has emptied the buffer, after a QIRD that found nothing, or with each arrival.',
    source: "sockets 2",
  },
  "connected-state": {
    values: ["2", "3"],
    default: "2",
    description: "State that QISTATE tells of a connection that is open.",
    source: "sockets 7",
  },
  "socket-urc-port": {
    values: ["urcport", "opening"],
    default: "urcport",
    description: "Port of +QIOPEN and +QIURC lines: the one of QURCCFG, or the one that gave QIOPEN.",
    source: "sockets 2",
  },
  "send-buffer": {
    values: ["20480", "5840", "65536"],
    default: "20480",
    description: "Bytes that may be unacknowledged before QISEND says SEND FAIL.",
    source: "sockets 6",
  },
  "send-timeout": {
    values: ["0", "5"],
    default: "0",
    description: 'QICFG="qisend/timeout" when never set: seconds without input that end a QISEND, 0 = none.',
    source: "sockets 3",
  },
  "data-after-closed": {
    values: ["readable", "lost"],
    default: "readable",
    description: 'Data not yet read when "closed" comes: can still be read, or are lost.',
    source: "sockets 2",
  },
  "send-after-closed": {
    values: ["error", "ok"],
    default: "error",
    description: 'QISEND after "closed" when the peer would still take data.',
    source: "sockets 7",
  },
  "close-waits": {
    values: ["peer", "at-once"],
    default: "peer",
    description: "QICLOSE answers when the peer has closed too or its time is over, or at once.",
    source: "sockets 1",
  },
  "close-unused": {
    values: ["ok", "error"],
    default: "ok",
    description: "QICLOSE of an id that is not in use.",
    source: "sockets 1",
  },
  "open-in-use": {
    values: ["urc", "error"],
    default: "urc",
    description: "QIOPEN of an id in use: 563 by the +QIOPEN line, or ERROR.",
    source: "sockets 7",
  },
  "open-without-context": {
    values: ["urc", "error"],
    default: "urc",
    description: "QIOPEN over a context that is not active: 561 by the +QIOPEN line, or ERROR.",
    source: "sockets 4",
  },
  "failed-open-id": {
    values: ["free", "taken"],
    default: "free",
    description: "The id of a connection that could not be opened: free again, or taken until QICLOSE.",
    source: "sockets 4",
  },
  "open-while-mailing": {
    values: ["ok", "568"],
    default: "ok",
    description: "QIOPEN while QSMTPPUT runs.",
    source: "sockets 8",
  },
} as const satisfies Readonly<Record<string, VariantSwitch>>;
