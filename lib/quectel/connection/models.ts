/**
 * Modules by the name they give themselves (AT+CGMM), and how sure it is that mails work with them.
 *
 * Differences in behaviour are not looked up here: where firmware differs, the module is asked. Source: Quectel SMTP
 * manuals of the families; the USB ids stand with the list of ports. None of these manuals asks for a pause between a
 * final result code and the next command line, as those of Telit and u-blox do (20 ms), so none is made.
 */

/**
 * `manual`: named by the SMTP manual that this package follows; `related`: same commands by another manual;
 * `otherDialect`: QSMTPUSER, QSMTPSRV and others in place of QSMTPCFG; `noClient`: no mail client at all.
 */
export type MailSupport = "manual" | "related" | "otherDialect" | "noClient" | "unknown";

interface Family {
  /** As a person names them. */
  readonly models: string;
  readonly name: RegExp;
  readonly support: MailSupport;
  /** What is known of their mail client, and from where. */
  readonly known: string;
}

/** README's table is made from it. */
export const FAMILIES: readonly Family[] = [
  {
    models: "EC20, EC21, EC25, EG21-G, EG25-G, EG91, EG95, EM05",
    name: /^(EC2[015](?!0)|EG9[15](?!\d)|EG2[15]|EM05)/i,
    support: "manual",
    known:
      "the SMTP manual that this package follows, files of an EC25-E firmware, boot logs and dumps of four EG25-G firmwares",
  },
  {
    models: "EC200, EC800, EG800, EG912, EG915",
    name: /^(EC200|EC800|EG800|EG91[25])/i,
    support: "related",
    known:
      "manuals with the same commands, and Quectel's published mail client of this family, run against a server: STARTTLS that is not offered goes on in clear text, every refusal is 654, texts over 3072 bytes are damaged",
  },
  {
    models: "EP06/EM06/EG06, EG12/EM12/EG18, AG35, UC20",
    name: /^(UC20|AG35|E[GPM]06|E[GM]1[28])/i,
    support: "related",
    known: "manuals with the same commands; for the UC20 a mail client by others, too",
  },
  {
    models: "BG95, BG96, BG77",
    name: /^(BG9[56]|BG77)/i,
    support: "noClient",
    known: "two dumps of BG95-M3, which refuses AT+QSMTPCFG: no mail client, TCP connections only",
  },
  {
    models: "M95, M66, M35, MC60, GC65",
    name: /^(M95|M66|M35|GC65|MC60)/i,
    support: "otherDialect",
    known: "their manuals: mail by other commands",
  },
];

/** How sure it is that a module of this name sends mails for this package. */
export function mailSupportOf(model: string): MailSupport {
  return FAMILIES.find(({ name }) => name.test(model))?.support ?? "unknown";
}
