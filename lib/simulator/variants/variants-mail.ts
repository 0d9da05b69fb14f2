/** Switches of the SMTP commands and of the mail that the module writes. */
import type { VariantSwitch } from "./variant-switch";

export const mailVariants = {
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
  "put-context-wait": {
    values: ["30", "0"],
    default: "30",
    description: "Seconds that a mail waits for its PDP context to become active.",
    source: "2.7",
  },
  "busy-commands": {
    values: ["all", "put"],
    default: "all",
    description: "Commands that give 652 while a mail is sent: all of QSMTP, or QSMTPPUT and QSMTPBODY only.",
    source: "2.0",
  },
  "put-result": {
    values: ["after-ok", "before-ok"],
    default: "after-ok",
    description:
      "Result of QSMTPPUT: by a line of its own after OK, or in front of an OK that comes with it.",
    source: "real modules 13",
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
  "login-words": {
    values: ["any-case", "upper-case"],
    default: "any-case",
    description: "Login mechanisms announced in lower case: recognised, or not.",
    source: "mail client, login",
  },
  "login-plain": {
    values: ["works", "silent"],
    default: "works",
    description: "AUTH PLAIN where LOGIN is not offered: carried out, or announced and never answered.",
    source: "mail client, login",
  },
  "starttls-missing": {
    values: ["error", "clear"],
    default: "error",
    description:
      "STARTTLS that the server does not offer or refuses: the mail fails, or login and mail go in clear text.",
    source: "mail client, STARTTLS",
  },
  "refusal-numbers": {
    values: ["by-reply", "654"],
    default: "by-reply",
    description: "Result of a mail that the server refused: a number for each reply, or 654,0 for all.",
    source: "mail client, refusals",
  },
  "long-body": {
    values: ["whole", "repeats"],
    default: "whole",
    description: "Body of more than 3072 bytes: sent whole, or each block of 3072 bytes repeats the first.",
    source: "mail client, body",
  },
  "full-subject": {
    values: ["sent", "empties"],
    default: "sent",
    description: "Subject as long as it may be: sent, or the mail goes out empty with result 0,0.",
    source: "mail client, subject",
  },
  "bad-attachment": {
    values: ["read-late", "empties"],
    default: "read-late",
    description:
      "Attachment that is empty or gone: an empty one is sent and a missing one is 661,0, or the mail goes out empty with result 682,651 or 682,661.",
    source: "mail client, attachment",
  },
  "to-header": {
    values: ["absent", "empty"],
    default: "absent",
    description: "To header of a mail with no recipient of that type.",
    source: "mail client, recipients",
  },
  "mime-form": {
    values: ["lines-76", "lines-96"],
    default: "lines-76",
    description:
      "Parts of a mail: base64 lines of 76 and an empty line before each boundary; or a preamble, lines of 96 to 120, folded quoted parameters and no such line.",
    source: "mail client, MIME",
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
} as const satisfies Readonly<Record<string, VariantSwitch>>;
