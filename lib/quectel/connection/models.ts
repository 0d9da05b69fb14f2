/**
 * Modules by the name they give themselves (AT+CGMM), and how sure it is that mails work with them.
 *
 * Differences in behaviour are not looked up here: where firmware differs, the module is asked. Source: Quectel SMTP
 * manuals of the families; the USB ids stand with the list of ports. None of these manuals asks for a pause between a
 * final result code and the next command line, as those of Telit and u-blox do (20 ms), so none is made.
 */

/** `manual`: named by the SMTP manual that this package follows; `related`: same commands by another manual. */
export type MailSupport = "manual" | "related" | "otherDialect" | "unknown";

/** The first that fits counts. */
const FAMILIES: readonly { readonly name: RegExp; readonly support: MailSupport }[] = [
  { name: /^(BG9[56]|BG77|UC20|AG35|E[GPM]06|E[GM]1[28]|EC200|EC800|EG800|EG91[25])/i, support: "related" },
  { name: /^(EC2[015]|EG9[15]|EG2[15]|EM05)/i, support: "manual" },
  // QSMTPUSER, QSMTPSRV and others in place of QSMTPCFG.
  { name: /^(M95|M66|M35|GC65|MC60)/i, support: "otherDialect" },
];

/** How sure it is that a module of this name sends mails for this package. */
export function mailSupportOf(model: string): MailSupport {
  return FAMILIES.find(({ name }) => name.test(model))?.support ?? "unknown";
}
