/** The module's mailer on a simulated module that delivers to a real SMTP server on loopback, on one virtual clock. */
import type {
  Ended,
  Outcome,
  OutgoingAttachment,
  OutgoingMail,
  Transaction,
} from "../../../lib/mailer/mailer";
import { sendNow, type SendNowOptions } from "../../../lib/mailer/send-now";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import { memoryStore, type KeyValueStore } from "../../../lib/quectel/key-value-store";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { QsmtpMailer } from "../../../lib/mailer/qsmtp/qsmtp-mailer";
import type { CharsetWish } from "../../../lib/mailer/qsmtp/compose/coded-text";
import type { RootProvider } from "../../../lib/mailer/qsmtp/tls";
import { internet } from "../../../lib/simulator";
import { certificate } from "../../support/certificates";
import { MailServer, type MailServerOptions } from "../../support/mail-server";
import { attachment as stored, transaction } from "../../support/memory-mailer";
import { ACCOUNT, filesIn } from "../../support/memory-rig";
import { NETWORK } from "../../support/module-replies";
import { simulatedRig, type RigOptions } from "../../support/simulated-rig";
import { watchedMailer } from "../../support/watched-mailer";

const { port: _port, ...account } = ACCOUNT;
export const PLAIN: Omit<SmtpSettings, "port"> = account;

export interface MailRigOptions extends RigOptions {
  readonly server?: MailServerOptions;
  readonly smtp?: Partial<SmtpSettings>;
  readonly roots?: RootProvider;
  readonly store?: KeyValueStore;
  readonly charset?: CharsetWish;
}

export type MailRig = Awaited<ReturnType<typeof mailRig>>;

/** The rig with a modem that is ready; `stop` is to be called at the end. */
export async function mailRig(options: MailRigOptions = {}) {
  const rig = simulatedRig(options);
  const { clock, module, modem } = rig;
  const server = await MailServer.start({
    auth: { user: PLAIN.user, password: PLAIN.password },
    ...options.server,
  });
  module.state(internet).hosts = { "mail.example.com": "127.0.0.1" };
  const pdp = new PdpContext(modem, { ...NETWORK, ...options.settings });
  const settings = { ...PLAIN, port: server.port, ...options.smtp };
  const { senderName, senderAddress } = settings;
  const mailer = new QsmtpMailer({
    modem,
    pdp,
    moduleClock: new ModuleClock(modem, 1),
    settings,
    roots: options.roots ?? (() => Promise.resolve([{ name: "Test CA", pem: certificate("ca").cert }])),
    store: options.store ?? memoryStore(),
    text: { senderName, senderAddress, charset: options.charset ?? "auto", lateNote: 0 },
    bccMode: "module",
  });
  const watched = watchedMailer(mailer);
  const begin = (one: Transaction, how: Partial<SendNowOptions> = {}): Promise<Ended> =>
    sendNow(watched.mailer, one, { signal: new AbortController().signal, ...how });
  await rig.ready();
  return {
    ...rig,
    server,
    pdp,
    mailer,
    /** Begins to send a mail, with whatever the mailer itself can do about a failure; the clock is left alone. */
    begin,
    /** The same to its end on the virtual clock. */
    send: (one: Transaction, how: Partial<SendNowOptions> = {}): Promise<Ended> =>
      clock.until(begin(one, how)),
    /** Asks for the result of the mail that was prepared last. */
    ask: (one = mail()): Promise<Outcome> => clock.until(watched.recover(one)),
    /** Command lines of the mail that the module has received since `from`. */
    lines: (from = 0): readonly string[] => module.log.lines().slice(from),
    /** Files in the module. */
    files: () => filesIn(module),
    stop: async (): Promise<void> => {
      mailer.close();
      pdp.close();
      await clock.until(modem.close());
      await server.stop();
    },
  };
}

let mails = 0;

/** A mail to one recipient, in one transaction to all of its recipients. */
export function mail(parts: Partial<OutgoingMail> = {}): Transaction {
  return transaction({ id: `mail-${++mails}`, text: "Level too high.\r\n", ...parts });
}

/** An attachment whose content is in memory; `name` is that in the module. */
export function attachment(
  filename: string,
  content: Uint8Array,
): OutgoingAttachment & { readonly name: string } {
  return { ...stored(filename, content), name: filename };
}

/** Bytes that hold everything a line parser could trip over. */
export function awkwardBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 131 + (at >> 8)) & 0xff;
  Buffer.from("\r\nOK\r\n+++\r\nERROR\r\nAAAA\x1a\r\n+QSMTPPUT: 0,0\r\n").copy(bytes, Math.min(100, size));
  return bytes;
}
