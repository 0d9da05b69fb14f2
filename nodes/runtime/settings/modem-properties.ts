/**
 * The properties of a `quectel-modem` node as a table: kind, default, range or words.
 *
 * The dialog makes its defaults and validators of it (`editor/modem/properties.ts`), the runtime reads the node by it
 * (`modem-settings.ts`). Plain data: it imports nothing, because it is also part of the editor's code.
 */

/** `default` is what an empty property means; without one the property must be filled in. */
export type PropertyRow =
  | { readonly kind: "text"; readonly default?: string }
  | { readonly kind: "choice"; readonly default: string; readonly words: readonly string[] }
  | { readonly kind: "flag"; readonly default: boolean }
  | {
      readonly kind: "integer";
      readonly default?: number;
      /** What the dialog of a new modem shows where nothing is a default. */
      readonly proposed?: number;
      readonly min: number;
      readonly max: number;
      /** A word that may stand instead of a number. */
      readonly word?: string;
    };

const YEAR_MINUTES = 525_600;
const LINE_AT_OPEN = ["on", "off", "leave"] as const;
const PORTS = { kind: "integer", min: 1, max: 65_535 } as const;

export const MODEM_PROPERTIES = {
  transport: { kind: "choice", default: "serial", words: ["serial", "tcp", "simulator"] },
  serialPort: { kind: "text" },
  /** The slowest and fastest rate of `AT+IPR` on these modules. */
  baudRate: { kind: "integer", default: 115_200, min: 1200, max: 4_000_000, word: "auto" },
  flowControl: { kind: "choice", default: "none", words: ["none", "rtscts"] },
  dtr: { kind: "choice", default: "leave", words: LINE_AT_OPEN },
  rts: { kind: "choice", default: "leave", words: LINE_AT_OPEN },
  tcpHost: { kind: "text" },
  tcpPort: PORTS,
  contextId: { kind: "integer", default: 1, min: 1, max: 16 },
  apn: { kind: "text", default: "" },
  apnAuth: { kind: "choice", default: "none", words: ["none", "pap", "chap", "either"] },
  ipType: { kind: "choice", default: "ipv4", words: ["ipv4", "ipv6", "ipv4v6"] },
  shared: { kind: "flag", default: false },
  idleMinutes: { kind: "integer", default: 30, min: 0, max: YEAR_MINUTES },
  allowReset: { kind: "flag", default: true },
  /** Who speaks SMTP: the module's own client, this package over a TCP connection of the module, or whichever fits. */
  mailer: { kind: "choice", default: "module", words: ["module", "socket", "auto"] },
  /** `none`: the server takes mails without. `microsoft`, `google` and `oauth2`: by a token, over a socket only. */
  login: {
    kind: "choice",
    default: "password",
    words: ["password", "none", "microsoft", "google", "oauth2"],
  },
  tenant: { kind: "text", default: "" },
  clientId: { kind: "text", default: "" },
  tokenUrl: { kind: "text", default: "" },
  scope: { kind: "text", default: "" },
  smtpHost: { kind: "text" },
  smtpPort: { ...PORTS, proposed: 465 },
  smtpSecurity: { kind: "choice", default: "tls", words: ["none", "tls", "starttls"] },
  senderName: { kind: "text", default: "" },
  senderAddress: { kind: "text" },
  allowFrom: { kind: "flag", default: false },
  tlsVerify: { kind: "flag", default: true },
  /** `auto`, `pem`, or a name in the store. */
  tlsRoot: { kind: "text", default: "auto" },
  tlsCa: { kind: "text", default: "" },
  tlsContextId: { kind: "integer", default: 1, min: 0, max: 5 },
  encoding: { kind: "choice", default: "auto", words: ["auto", "raw", "hex"] },
  charset: { kind: "choice", default: "auto", words: ["auto", "utf-8", "gb2312", "big5"] },
  bccMode: { kind: "choice", default: "private", words: ["private", "module"] },
  /** Seconds; the range of QSMTPPUT. */
  sendTimeout: { kind: "integer", default: 300, min: 60, max: 65_535 },
  /** Minutes. */
  maxAge: { kind: "integer", default: 1440, min: 1, max: YEAR_MINUTES },
  maxQueued: { kind: "integer", default: 1000, min: 1, max: 100_000 },
  maxSpoolMB: { kind: "integer", default: 100, min: 1, max: 1_000_000 },
  keepFailedDays: { kind: "integer", default: 7, min: 0, max: 3650 },
  ratePerHour: { kind: "integer", default: 0, min: 0, max: 100_000 },
  /** Minutes. */
  lateNote: { kind: "integer", default: 10, min: 0, max: YEAR_MINUTES },
} as const satisfies Readonly<Record<string, PropertyRow>>;

type Table = typeof MODEM_PROPERTIES;
export type ModemProperty = keyof Table;

/** Names of the properties of one kind. */
export type PropertyOf<Kind extends PropertyRow["kind"]> = {
  [Name in ModemProperty]: Table[Name]["kind"] extends Kind ? Name : never;
}[ModemProperty];

/** The words of a choice. */
export type WordOf<Name extends PropertyOf<"choice">> = Table[Name]["words"][number];
