/** Switches of the FILE commands and of TLS. */
import type { VariantSwitch } from "./variant-switch";

export const storageVariants = {
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
    values: ["ok", "405", "417", "418"],
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
    values: ["ok", "421", "line-421"],
    default: "ok",
    description:
      "QFUPL whose time is over: result with the smaller size, CME 421, or the line and then CME 421.",
    source: "3.5",
  },
  "no-room": {
    values: ["420", "423", "403"],
    default: "420",
    description: "QFUPL of a file larger than the free space.",
    source: "3.5",
  },
  "first-handle": {
    values: ["1", "0"],
    default: "1",
    description: "First handle that QFOPEN gives to a file in flash.",
    source: "3.7",
  },
  "ram-storage": {
    values: ["present", "406", "400", "error", "3"],
    default: "present",
    description: "Storage RAM: present, or missing; then the answer to whatever names it.",
    source: "real modules 5",
  },
  "file-handles": {
    values: ["present", "absent"],
    default: "present",
    description: "QFOPEN and the commands on open files: known, or ERROR.",
    source: "real modules 6",
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
  "tls-key-list": {
    values: ["paths", "names"],
    default: "paths",
    description:
      "QSSLCFG=?: in the order of EG25-G firmware with <..path> for files and (0,1), or by kind with names and (0-1).",
    source: "mail client, QSSLCFG=?",
  },
  "cipher-list": {
    values: ["short", "long"],
    default: "short",
    description: "Cipher suites offered: without the weak ones as firmware from 30.203 on, or all.",
    source: "5",
  },
  "ignorelocaltime-default": {
    values: ["1", "0"],
    default: "1",
    description: 'QSSLCFG="ignorelocaltime" when never set.',
    source: "5",
  },
  "sslversion-default": {
    values: ["4", "1"],
    default: "4",
    description: 'QSSLCFG="sslversion" when never set.',
    source: "5",
  },
  "seclevel-default": {
    values: ["0", "1"],
    default: "0",
    description: 'QSSLCFG="seclevel" when never set.',
    source: "5",
  },
  "tls-server-name": {
    values: ["unchecked", "checked"],
    default: "unchecked",
    description: "Names in the server's certificate under seclevel 1 and 2: not looked at, or compared.",
    source: "5 (silent)",
  },
} as const satisfies Readonly<Record<string, VariantSwitch>>;
