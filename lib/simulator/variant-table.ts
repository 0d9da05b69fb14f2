/**
 * The switches of the simulated modem: every point where firmware differs or nobody knows.
 *
 * `source` names the section of the fact base where the point is described. The first sentence of a description
 * says what is switched. The default is the value held most probable for an EC25.
 */

export interface VariantSwitch {
  readonly values: readonly string[];
  readonly default: string;
  readonly description: string;
  readonly source: string;
}

export const variantTable = {
  // Strings, subject and body of a mail
  "subject-coding": {
    values: ["hex", "raw"],
    default: "hex",
    description: "Subject with charset 1..3: HEX digits or the bytes as they are.",
    source: "2.3, 10",
  },
  "body-coding": {
    values: ["hex", "raw"],
    default: "hex",
    description: "Body with charset 1..3 and bodyoriginal 0: HEX digits or the bytes as they are.",
    source: "2.4, 10",
  },
  "key-bodyoriginal": {
    values: ["present", "absent"],
    default: "present",
    description: 'QSMTPCFG="bodyoriginal": known, or unknown to older firmware.',
    source: "2.1, 10",
  },
  "key-addrseparator": {
    values: ["absent", "present"],
    default: "absent",
    description: 'QSMTPCFG="addrseparator": known to another family only.',
    source: "2.1",
  },
  "password-readback": {
    values: ["clear", "masked"],
    default: "clear",
    description: 'Password in the answer to QSMTPCFG="account": readable or one * per character.',
    source: "2.1, 10",
  },
  "smtp-string-limit": {
    values: ["50", "64", "255"],
    default: "50",
    description: "Longest user name, password, sender, server and recipient in bytes.",
    source: "2.1, 10",
  },
  "subject-limit": {
    values: ["100", "200"],
    default: "100",
    description: "Longest subject in bytes.",
    source: "2.3, 10",
  },
  "recipient-limit": {
    values: ["20", "10", "100"],
    default: "20",
    description: "Most recipients of one mail, all types together.",
    source: "2.2, 10",
  },
  "attachment-limit": {
    values: ["10", "1"],
    default: "10",
    description: "Most attachments of one mail and highest index.",
    source: "2.5, 10",
  },
  "put-timeout": {
    values: ["required", "optional"],
    default: "required",
    description: "QSMTPPUT without its timeout: refused, or taken as 300 s.",
    source: "2.7, 10",
  },
  "put-urc-port": {
    values: ["urcport", "issuing"],
    default: "urcport",
    description: "Port of the +QSMTPPUT result: the one of QURCCFG, or the one that gave the command.",
    source: "7 URCs, 10",
  },
  "body-empty-line": {
    values: ["present", "absent"],
    default: "present",
    description: "An empty line more before +QSMTPBODY when the length is reached.",
    source: "2.4, 10",
  },
  "body-read": {
    values: ["ok", "error"],
    default: "ok",
    description: "AT+QSMTPBODY?: plain OK or ERROR.",
    source: "2.0",
  },
  "body-test": {
    values: ["range", "word"],
    default: "range",
    description: "Third item of AT+QSMTPBODY=?: (1-65535) or <input_time>.",
    source: "2.4",
  },
  "input-time": {
    values: ["total", "idle"],
    default: "total",
    description: "Input time of a body or an upload counts from CONNECT, or from the last byte.",
    source: "2.4, 10",
  },
  "smtp-after-restart": {
    values: ["lost", "kept"],
    default: "lost",
    description: "QSMTPCFG settings after a restart.",
    source: "2.0, 10",
  },
  "account-attempts": {
    values: ["1", "3"],
    default: "1",
    description: 'Attempts until QSMTPCFG="account" says OK after a start; before it ERROR.',
    source: "8",
  },
  "ehlo-name": {
    values: ["localhost", "address"],
    default: "localhost",
    description: "Name in EHLO: localhost or the address of the module in brackets.",
    source: "2.11, 10",
  },
  "bcc-header": {
    values: ["visible", "absent"],
    default: "visible",
    description: "Bcc recipients in a header that everybody can read.",
    source: "2.11, 10",
  },
  "subject-header": {
    values: ["encoded", "plain"],
    default: "encoded",
    description: "ASCII subject as encoded word or as plain text.",
    source: "2.11, 10",
  },
  "date-header": {
    values: ["absent", "present"],
    default: "absent",
    description: "Date header written by the module.",
    source: "2.11, 10",
  },

  // Files
  "missing-file": {
    values: ["405", "418"],
    default: "405",
    description: "QFDEL of a file that does not exist.",
    source: "3.4, 10",
  },
  "delete-empty-store": {
    values: ["ok", "405"],
    default: "ok",
    description: 'QFDEL="RAM:*" when there is no RAM file.',
    source: "3.4",
  },
  "list-nothing": {
    values: ["ok", "405", "417"],
    default: "ok",
    description: "QFLST when nothing matches.",
    source: "3.3",
  },
  "list-ram-size": {
    values: ["present", "absent"],
    default: "present",
    description: "Third field of QFLST for RAM files: reserved size.",
    source: "3.3, 10",
  },
  "checksum-form": {
    values: ["short", "padded"],
    default: "short",
    description: "Checksum of QFUPL: lower case without leading zeros, or four digits in upper case.",
    source: "3.5",
  },
  "upload-timeout": {
    values: ["ok", "421"],
    default: "ok",
    description: "QFUPL whose time is over: result with the smaller size, or CME 421.",
    source: "3.5",
  },
  "no-room": {
    values: ["420", "423", "403"],
    default: "420",
    description: "QFUPL of a file larger than the free space.",
    source: "3.5",
  },

  // TLS
  "key-sni": {
    values: ["present", "absent"],
    default: "present",
    description: 'QSSLCFG="sni": known, or unknown to older firmware.',
    source: "5, 8",
  },
  "ssl-after-restart": {
    values: ["lost", "kept"],
    default: "lost",
    description: "QSSLCFG settings after a restart.",
    source: "5",
  },
  "cipher-list": {
    values: ["long", "short"],
    default: "long",
    description: "Cipher suites offered: all, or without the weak ones as newer firmware.",
    source: "5",
  },
  "ignorelocaltime-default": {
    values: ["1", "0"],
    default: "1",
    description: 'QSSLCFG="ignorelocaltime" when never set.',
    source: "5",
  },

  // PDP context
  "activate-active": {
    values: ["error", "ok"],
    default: "error",
    description: "QIACT of a context that is active already.",
    source: "6, 10",
  },
  "pdp-after-restart": {
    values: ["kept", "lost"],
    default: "kept",
    description: "Context definitions of QICSGP after a restart.",
    source: "6",
  },

  // Module, SIM and network
  firmware: {
    values: ["30.203", "01.003"],
    default: "30.203",
    description: "Firmware release named by CGMR, QGMR and ATI.",
    source: "2.1, 7",
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
  "ready-order": {
    values: ["phone-book-first", "sms-first"],
    default: "phone-book-first",
    description: "Order of +QIND: PB DONE and SMS DONE after a start.",
    source: "7 URCs",
  },
  "application-start": {
    values: ["immediate", "late"],
    default: "immediate",
    description: "QI*, QSMTP* and QF* commands: served at once, or ERROR for some seconds after a start.",
    source: "8",
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
  "busy-input": {
    values: ["queued", "aborts"],
    default: "queued",
    description:
      "Bytes that arrive while a command runs: kept for later, or they end it as V.250 5.6.1 allows.",
    source: "1",
  },
} as const satisfies Readonly<Record<string, VariantSwitch>>;
