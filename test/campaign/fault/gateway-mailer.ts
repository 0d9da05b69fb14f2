/** The mailer of a gateway, put together as the nodes do it: the module's own client, a socket, or both. */
import { AutoMailer } from "../../../lib/mailer/auto/auto-mailer";
import type { Mailer } from "../../../lib/mailer/mailer";
import type { BccMode } from "../../../lib/mailer/qsmtp/compose/envelopes";
import { QsmtpMailer } from "../../../lib/mailer/qsmtp/qsmtp-mailer";
import { SmtpMailer } from "../../../lib/mailer/smtp/smtp-mailer";
import type { Modem } from "../../../lib/quectel/connection/modem";
import type { KeyValueStore } from "../../../lib/quectel/key-value-store";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import type { PdpContext } from "../../../lib/quectel/network/pdp";
import { ModuleRecovery } from "../../../lib/quectel/recovery/module-recovery";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { ModuleSockets } from "../../../lib/quectel/sockets/module-sockets";
import { certificate } from "../../support/certificates";
import type { Charset } from "./letters";

/** Who speaks SMTP. */
export type MailerKind = "module" | "socket" | "auto";

export interface GatewayMailerOptions {
  readonly modem: Modem;
  readonly pdp: PdpContext;
  readonly store: KeyValueStore;
  /** Of a test mail: notes of the modem that lends its port. */
  readonly testNotes?: KeyValueStore;
  readonly smtp: SmtpSettings;
  readonly charset: Charset;
  readonly bccMode: BccMode;
  /** Minutes. */
  readonly lateNote: number;
}

export function gatewayMailer(kind: MailerKind, options: GatewayMailerOptions): Mailer {
  const { modem, pdp, store, testNotes, smtp, charset, bccMode, lateNote } = options;
  const { contextId } = modem.options.network;
  const common = { modem, pdp, store, settings: smtp, moduleClock: new ModuleClock(modem, contextId) };
  const text = { ...smtp, charset, lateNote };
  const byModule = (recovery?: ModuleRecovery): QsmtpMailer =>
    new QsmtpMailer({
      ...common,
      roots: () => Promise.resolve([{ name: "Test CA", pem: certificate("ca").cert }]),
      text,
      bccMode,
      ...(testNotes !== undefined && { testNotes }),
      ...(recovery !== undefined && { recovery, hasOtherWay: () => true }),
    });
  const bySocket = (recovery?: ModuleRecovery): SmtpMailer =>
    new SmtpMailer({
      ...common,
      sockets: new ModuleSockets(modem, store, pdp),
      text,
      ...(recovery !== undefined && { recovery }),
    });
  switch (kind) {
    case "module":
      return byModule();
    case "socket":
      return bySocket();
    case "auto": {
      const recovery = new ModuleRecovery({ modem, pdp, store, host: smtp.host, settings: "auto" });
      const module = byModule(recovery);
      const ways = { module, socket: bySocket(recovery) };
      const readableCoding = () => module.readableCoding();
      return new AutoMailer({ modem, ways, settings: smtp, text, store, readableCoding });
    }
  }
}
