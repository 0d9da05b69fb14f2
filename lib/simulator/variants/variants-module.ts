/** Switches of PDP context, SIM, network, start and ports. */
import type { VariantSwitch } from "./variant-switch";

export const moduleVariants = {
  // PDP context
  "activate-active": {
    values: ["error", "ok"],
    default: "error",
    description: "QIACT of a context that is active already.",
    source: "6, 10",
  },
  "activate-lost": {
    values: ["error", "ok"],
    default: "error",
    description: "QIACT of a context that the network took away, before QIDEACT was given.",
    source: "2.9",
  },
  "undefined-context": {
    values: ["1", "0"],
    default: "1",
    description: "Type that QICSGP tells of a context that was never defined.",
    source: "mail client",
  },
  "pdp-after-restart": {
    values: ["kept", "lost"],
    default: "kept",
    description: "Context definitions of QICSGP after a restart.",
    source: "6",
  },

  // Module, SIM and network
  firmware: {
    values: ["30.203", "01.003", "A0.301"],
    default: "30.203",
    description:
      "Firmware release named by CGMR, QGMR and ATI; keys of QSSLCFG and QICFG that came or went with it.",
    source: "2.1, 7; mail client",
  },
  "key-qpinc": {
    values: ["present", "absent"],
    default: "present",
    description: "AT+QPINC: known, or ERROR.",
    source: "7",
  },
  "iccid-tail": {
    values: ["absent", "present"],
    default: "absent",
    description: "ICCID of 19 digits followed by F.",
    source: "7",
  },
  "operator-coding": {
    values: ["text", "ucs2"],
    default: "text",
    description: "Operator's name in COPS, whatever CSCS says: as text, or as the digits of UCS2.",
    source: "real modules 14",
  },
  "card-start": {
    values: ["busy", "unsure"],
    default: "busy",
    description:
      "CPIN while the module reads its card after a start: SIM busy, or no card for the first two times and half a second longer.",
    source: "real modules 7",
  },
  "operator-quotes": {
    values: ["present", "absent"],
    default: "present",
    description: "Operator in QNWINFO in quotes or bare.",
    source: "7",
  },
  "no-network-info": {
    values: ["none", "no-service"],
    default: "none",
    description: 'QNWINFO without network: "NONE" or No Service.',
    source: "7",
  },
  "creg-on-lte": {
    values: ["registered", "searching", "not-registered"],
    default: "registered",
    description: "CREG on a network that has LTE only.",
    source: "7",
  },
  "ready-urc": {
    values: ["present", "missed"],
    default: "present",
    description: "RDY after a start: seen, or missed because USB came up too late.",
    source: "7 URCs",
  },
  "start-noise": {
    values: ["absent", "nul"],
    default: "absent",
    description: "NUL bytes on the line before the first report of a start.",
    source: "7 URCs",
  },
  "ready-order": {
    values: ["sms-first", "phone-book-first"],
    default: "sms-first",
    description: "Order of +QIND: PB DONE and SMS DONE after a start.",
    source: "7 URCs",
  },
  "restart-port": {
    values: ["stays", "vanishes"],
    default: "stays",
    description: "Ports while the module restarts: a UART stays, a USB port vanishes and comes back.",
    source: "7 USB layout",
  },
  "application-start": {
    values: ["application", "mail", "immediate"],
    default: "application",
    description:
      "Commands that give ERROR for some seconds after a start: CFUN, CBC, QPOWD, QCFG, QAPRDYIND, QTEMP, QADC; or QI*, QSMTP* and QF*; or none.",
    source: "mail client; 8",
  },
  "data-mode-urc": {
    values: ["held", "lost"],
    default: "held",
    description: "An unsolicited line for a port in data mode: sent afterwards or lost.",
    source: "1, 4",
  },
  "data-mode-other-port": {
    values: ["answers", "waits"],
    default: "answers",
    description: "Commands on another port while one is in data mode.",
    source: "4",
  },
  "information-framing": {
    values: ["shared", "separate"],
    default: "shared",
    description: "Between two information lines of one answer: one line end, or an empty line too.",
    source: "1",
  },
  "busy-input": {
    values: ["queued", "dropped", "aborts"],
    default: "queued",
    description: "Bytes that arrive while a command runs: kept, lost, or they end it as V.250 5.6.1 allows.",
    source: "1",
  },
} as const satisfies Readonly<Record<string, VariantSwitch>>;
