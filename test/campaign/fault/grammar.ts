/**
 * The command lines that this package may ever write, as a table written from the manuals and not from the code that
 * writes them: an oracle for whatever gets into a message or a setting.
 */

const STRING = String.raw`"[^"\r\n\x00-\x1f\x7f]*"`;
const NUMBER = String.raw`\d{1,10}`;

const FORMS: readonly string[] = [
  // V.250 and 3GPP TS 27.007
  "ATE0Q0V1",
  String.raw`AT\+CMEE\?(;\+CMEE\?){0,3}`,
  String.raw`AT\+CMEE=[12]`,
  String.raw`AT\+IFC=2,2`,
  String.raw`AT\+(CGMI|CGMM|CGMR|QGMR|CGSN|CSQ|QNWINFO|QCCID|QIGETERROR)`,
  String.raw`AT\+(CPIN|CREG|CGREG|CEREG|COPS|CGATT|CCLK|CFUN|QPINC)\?`,
  String.raw`AT\+CPIN="\d{4,8}"`,
  String.raw`AT\+CFUN=1(,1)?`,
  String.raw`AT\+CCLK="\d\d/\d\d/\d\d,\d\d:\d\d:\d\d[+-]\d\d"`,
  String.raw`AT\+C(|G|E)REG=[012]`,
  String.raw`AT\+CTZU=[01]`,
  // Quectel: clock, ports, PDP context
  String.raw`AT\+QLTS=2`,
  String.raw`AT\+QURCCFG="urcport"(,"(usbat|usbmodem|uart1)")?`,
  String.raw`AT\+QICSGP=${NUMBER}(,[123],${STRING},${STRING},${STRING},[0123])?`,
  String.raw`AT\+QI(ACT|DEACT)=${NUMBER}`,
  String.raw`AT\+QIACT\?`,
  String.raw`AT\+QI(DNSGIP|DNSCFG)=${NUMBER}(,${STRING}){0,2}`,
  String.raw`AT\+QPING=${NUMBER},${STRING},${NUMBER},${NUMBER}`,
  String.raw`AT\+QNTP=${NUMBER},${STRING},123,1`,
  // Quectel: sockets
  String.raw`AT\+QIOPEN=\?`,
  String.raw`AT\+QIOPEN=\d{1,2},\d{1,2},"TCP",${STRING},\d{1,5},0,0`,
  String.raw`AT\+Q(ISEND|IRD)=\d{1,2},\d{1,4}`,
  String.raw`AT\+QICLOSE=\d{1,2},1`,
  String.raw`AT\+QISTATE=1,\d{1,2}`,
  String.raw`AT\+QISDE=0`,
  String.raw`AT\+QICFG="(dataformat|viewmode|recvind)"(,\d){0,2}`,
  // Quectel: files
  String.raw`AT\+QFLDS="(RAM|UFS)"`,
  String.raw`AT\+QFLST="(RAM:|UFS:)?[A-Za-z0-9._*-]{1,80}"`,
  String.raw`AT\+QFDEL="(RAM:|UFS:)?[A-Za-z0-9._-]{1,80}"`,
  String.raw`AT\+QFUPL="(RAM:|UFS:)?[A-Za-z0-9._-]{1,80}",${NUMBER},${NUMBER}(,[01])?`,
  // Quectel: TLS and SMTP
  String.raw`AT\+QSSLCFG="[a-z]+",[0-5],(${NUMBER}|0x[0-9A-Fa-f]{4}|${STRING})`,
  String.raw`AT\+QSMTPCFG=\?`,
  String.raw`AT\+QSMTPCFG="(contextid|ssltype|sslctxid|bodyoriginal|addrseparator)"(,${NUMBER})?`,
  String.raw`AT\+QSMTPCFG="(account|sender)"(,${STRING},${STRING})?`,
  String.raw`AT\+QSMTPCFG="smtpserver"(,${STRING},\d{1,5})?`,
  String.raw`AT\+QSMTP(CLR|DST\?|SUB\?|ATT\?)`,
  String.raw`AT\+QSMTPDST=1,[123],"[^"\s\x00-\x1f\x7f]+@[^"\s\x00-\x1f\x7f]+"`,
  String.raw`AT\+QSMTPSUB=[0-3],${STRING}`,
  String.raw`AT\+QSMTPBODY=[0-3],\d{1,5},\d{1,5}`,
  String.raw`AT\+QSMTPATT=1,\d{1,2},"(RAM:|UFS:)?[A-Za-z0-9._-]{1,80}"`,
  String.raw`AT\+QSMTPPUT=\d{2,5}`,
];

const KNOWN = FORMS.map((form) => new RegExp(`^${form}$`));

export function isKnownLine(line: string): boolean {
  return KNOWN.some((form) => form.test(line));
}
