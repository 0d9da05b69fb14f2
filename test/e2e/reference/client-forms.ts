/**
 * Every command form that the client writes, with the place of the manuals that it comes from. What it writes beyond
 * these is a fault, and so is a form here that it never writes.
 */

export interface ClientForm {
  /** Section of the manuals: SMTP chapter 2, FILE, SSL, TCP/IP, or the general AT manual. */
  readonly of: string;
  /** The whole command line. */
  readonly line: RegExp;
}

const forms = (of: string, ...lines: readonly RegExp[]): readonly ClientForm[] =>
  lines.map((line) => ({ of, line }));

export const CLIENT_FORMS: readonly ClientForm[] = [
  ...forms(
    "SMTP 2.1",
    /^AT\+QSMTPCFG="account","[^"]*","[^"]*"$/,
    /^AT\+QSMTPCFG="sender","[^"]*","[^"]*"$/,
    /^AT\+QSMTPCFG="smtpserver","[^"]+",\d+$/,
    /^AT\+QSMTPCFG="contextid",\d+$/,
    /^AT\+QSMTPCFG="sslctxid",[0-5]$/,
    /^AT\+QSMTPCFG="ssltype",0$/,
    /^AT\+QSMTPCFG="ssltype",1$/,
    /^AT\+QSMTPCFG="ssltype",2$/,
    /^AT\+QSMTPCFG="bodyoriginal",1$/,
    /^AT\+QSMTPCFG=\?$/,
  ),
  ...forms(
    "SMTP 2.2",
    /^AT\+QSMTPDST=1,1,"[^"]+"$/,
    /^AT\+QSMTPDST=1,2,"[^"]+"$/,
    /^AT\+QSMTPDST=1,3,"[^"]+"$/,
    /^AT\+QSMTPDST\?$/,
  ),
  ...forms(
    "SMTP 2.3",
    /^AT\+QSMTPSUB=0,"[^"]*"$/,
    /^AT\+QSMTPSUB=1,"[^"]*"$/,
    /^AT\+QSMTPSUB=2,"[^"]*"$/,
    /^AT\+QSMTPSUB=3,"[^"]*"$/,
    /^AT\+QSMTPSUB\?$/,
  ),
  ...forms(
    "SMTP 2.4",
    /^AT\+QSMTPBODY=0,\d+,\d+$/,
    /^AT\+QSMTPBODY=1,\d+,\d+$/,
    /^AT\+QSMTPBODY=2,\d+,\d+$/,
    /^AT\+QSMTPBODY=3,\d+,\d+$/,
  ),
  ...forms("SMTP 2.5", /^AT\+QSMTPATT=1,\d+,"RAM:[^"]+"$/, /^AT\+QSMTPATT=1,\d+,"UFS:[^"]+"$/),
  ...forms("SMTP 2.6", /^AT\+QSMTPCLR$/),
  ...forms("SMTP 2.7", /^AT\+QSMTPPUT=\d+$/),
  ...forms("FILE, space", /^AT\+QFLDS="RAM"$/, /^AT\+QFLDS="UFS"$/),
  ...forms("FILE, list", /^AT\+QFLST="(RAM|UFS):[^"*]+"$/, /^AT\+QFLST="[^":*]+"$/),
  ...forms("FILE, delete", /^AT\+QFDEL="RAM:[^"*]+"$/, /^AT\+QFDEL="UFS:[^"*]+"$/),
  ...forms(
    "FILE, upload",
    /^AT\+QFUPL="RAM:[^"*]+",\d+,\d+$/,
    /^AT\+QFUPL="RAM:[^"*]+",\d+,\d+,1$/,
    /^AT\+QFUPL="UFS:[^"*]+",\d+,\d+$/,
    /^AT\+QFUPL="[^":*]+",\d+,\d+$/,
  ),
  ...forms(
    "SSL",
    /^AT\+QSSLCFG="sslversion",[0-5],4$/,
    /^AT\+QSSLCFG="ciphersuite",[0-5],0xFFFF$/,
    /^AT\+QSSLCFG="cacert",[0-5],"[^"*]+"$/,
    /^AT\+QSSLCFG="seclevel",[0-5],[01]$/,
    /^AT\+QSSLCFG="ignorelocaltime",[0-5],[01]$/,
    /^AT\+QSSLCFG="negotiatetime",[0-5],\d+$/,
    /^AT\+QSSLCFG="sni",[0-5],1$/,
  ),
  ...forms(
    "TCP/IP",
    /^AT\+QICSGP=\d+$/,
    /^AT\+QICSGP=\d+,[123],"[^"]*","[^"]*","[^"]*",[0-3]$/,
    /^AT\+QIACT\?$/,
    /^AT\+QIACT=\d+$/,
    /^AT\+QIDEACT=\d+$/,
    /^AT\+QIGETERROR$/,
    /^AT\+QIDNSGIP=\d+,"[^"]+"$/,
    /^AT\+QPING=\d+,"[^"]+",\d+,\d+$/,
    /^AT\+QNTP=\d+,"[^"]+",123,1$/,
    /^AT\+CCLK\?$/,
    /^AT\+CCLK="[^"]+"$/,
    /^AT\+QLTS=2$/,
  ),
  ...forms(
    "AT",
    /^AT(E0Q0V1)?$/,
    /^AT\+CMEE=[12]$/,
    /^AT\+CMEE\?(;\+CMEE\?)*$/,
    /^AT\+IFC=2,2$/,
    /^AT\+CGM[IMR]$/,
    /^AT\+QGMR$/,
    /^AT\+CGSN$/,
    /^AT\+CPIN\?$/,
    /^AT\+CPIN="\d{4,8}"$/,
    /^AT\+QPINC\?$/,
    /^AT\+C(E|G)?REG\?$/,
    /^AT\+CFUN=1,1$/,
    /^AT\+QURCCFG="urcport"$/,
    /^AT\+QURCCFG="urcport","(usbat|usbmodem|uart1)"$/,
  ),
];
