/**
 * What a person has set for a modem, after parsing: typed, with defaults filled in, nothing of Node-RED.
 *
 * Ranges are those of the module's manual; who builds these objects has checked them.
 */

export interface NetworkSettings {
  /** PDP context, 1..16. */
  readonly contextId: number;
  /** Access point name; empty: the context's definition is never written. */
  readonly apn: string;
  readonly apnAuth: "none" | "pap" | "chap" | "either";
  readonly apnUser: string;
  /** Secret. */
  readonly apnPassword: string;
  readonly ipType: "ipv4" | "ipv6" | "ipv4v6";
  /** Secret; empty: none. */
  readonly simPin: string;
  /** The context also serves the host's own data link: no QICSGP, no QIDEACT, no CFUN. */
  readonly shared: boolean;
  /** Minutes without mail after which a context that we activated is deactivated; 0 = never. */
  readonly idleMinutes: number;
  /** The recovery ladder may restart the module by CFUN=1,1; ignored when `shared`. */
  readonly allowReset: boolean;
}

/** `auto`: by the provider table; `name`: a certificate of the runtime's root store; `pem`: the text itself. */
export type RootCertificate =
  | { readonly from: "auto" }
  | { readonly from: "name"; readonly name: string }
  | { readonly from: "pem"; readonly pem: string };

export interface TlsSettings {
  /** Check the server's certificate. */
  readonly verify: boolean;
  readonly root: RootCertificate;
  /** SSL context of the module, 0..5. */
  readonly contextId: number;
}

/** How a token for the login is obtained (OAuth 2.0, RFC 6749). */
export type TokenLogin =
  /** Microsoft 365, by client credentials (RFC 6749 section 4.4). */
  | {
      readonly kind: "microsoft";
      /** Id or domain of the directory. */
      readonly tenant: string;
      readonly clientId: string;
      /** Secret. */
      readonly clientSecret: string;
    }
  /** Google Workspace, by a service account that acts for the mailbox (RFC 7523). */
  | {
      readonly kind: "google";
      /** Of the service account. */
      readonly email: string;
      /** In PEM form. Secret. */
      readonly privateKey: string;
    }
  /** Any token endpoint, by client credentials. */
  | {
      readonly kind: "oauth2";
      /** https only. */
      readonly tokenUrl: string;
      readonly clientId: string;
      /** Secret. */
      readonly clientSecret: string;
      /** Empty: that of the endpoint. */
      readonly scope: string;
    };

export interface SmtpSettings {
  readonly host: string;
  /** 1..65535 */
  readonly port: number;
  readonly security: "none" | "tls" | "starttls";
  readonly user: string;
  /** Secret. */
  readonly password: string;
  /** The login is by a token in place of the password; undefined: by password. Over a socket only. */
  readonly tokens?: TokenLogin;
  readonly senderName: string;
  readonly senderAddress: string;
  readonly tls: TlsSettings;
  /** How non-ASCII text is handed over; `auto` asks the module. */
  readonly encoding: "auto" | "raw" | "hex";
  /** Seconds until the module gives a mail up, 60..65535; raised with the size of the mail. */
  readonly sendTimeout: number;
}

/** Where this package writes its log; no secret ever reaches it. */
export interface Logger {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}
