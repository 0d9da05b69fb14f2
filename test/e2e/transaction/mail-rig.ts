/** A carrier on a simulated module that delivers to a real SMTP server on loopback, on one virtual clock. */
import { createHash } from "node:crypto";
import type { MailTransaction } from "../../../lib/mailer/qsmtp/carrier";
import type { TransactionAttachment } from "../../../lib/quectel/files/file-store";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import { memoryNotebook, type Notebook } from "../../../lib/quectel/notebook";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { SmtpCarrier } from "../../../lib/mailer/qsmtp/smtp-carrier";
import type { RootProvider } from "../../../lib/mailer/qsmtp/tls";
import { internet } from "../../../lib/simulator";
import { storageOf } from "../../../lib/simulator/module/file-store";
import { certificate } from "../../support/certificates";
import { MailServer, type MailServerOptions } from "../../support/mail-server";
import { NETWORK } from "../../support/module-replies";
import { simulatedRig, type RigOptions } from "../../support/simulated-rig";

export const PLAIN: Omit<SmtpSettings, "port"> = {
  host: "mail.example.com",
  security: "none",
  user: "pump7@example.com",
  password: "s3cret-word",
  senderName: "Pump 7",
  senderAddress: "pump7@example.com",
  tls: { verify: true, root: { from: "auto" }, contextId: 1 },
  encoding: "auto",
  sendTimeout: 300,
};

export interface MailRigOptions extends RigOptions {
  readonly server?: MailServerOptions;
  readonly smtp?: Partial<SmtpSettings>;
  readonly roots?: RootProvider;
  readonly notebook?: Notebook;
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
  const carrier = new SmtpCarrier({
    modem,
    pdp,
    moduleClock: new ModuleClock(modem, 1),
    settings: { ...PLAIN, port: server.port, ...options.smtp },
    roots: options.roots ?? (() => Promise.resolve([{ name: "Test CA", pem: certificate("ca").cert }])),
    notebook: options.notebook ?? memoryNotebook(),
  });
  await rig.ready();
  return {
    ...rig,
    server,
    pdp,
    carrier,
    /** Sends on the virtual clock. */
    send: (mail: MailTransaction, how?: Parameters<SmtpCarrier["send"]>[1]) =>
      clock.until(carrier.send(mail, how)),
    /** Command lines of the mail that the module has received since `from`. */
    lines: (from = 0): readonly string[] => module.log.lines().slice(from),
    /** Files in the module. */
    files: (): readonly string[] =>
      (["RAM", "UFS"] as const).flatMap((storage) =>
        storageOf(module, storage)
          .all()
          .map((file) => `${storage}:${file.name}`),
      ),
    stop: async (): Promise<void> => {
      carrier.close();
      pdp.close();
      await clock.until(modem.close());
      await server.stop();
    },
  };
}

/** A mail to one recipient. */
export function mail(parts: Partial<MailTransaction> = {}): MailTransaction {
  return {
    senderName: PLAIN.senderName,
    senderAddress: PLAIN.senderAddress,
    to: ["duty@example.com"],
    cc: [],
    bcc: [],
    subject: ascii("Pump 7 alarm"),
    body: ascii("Level too high.\r\n"),
    attachments: [],
    ...parts,
  };
}

export function ascii(text: string): MailTransaction["subject"] {
  return { charset: "ascii", bytes: Buffer.from(text, "latin1") };
}

export function utf8(text: string): MailTransaction["subject"] {
  return { charset: "utf-8", bytes: Buffer.from(text, "utf8") };
}

/** An attachment whose content is in memory. */
export function attachment(name: string, content: Uint8Array): TransactionAttachment {
  return {
    name,
    size: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
    open: async function* () {
      for (let at = 0; at < content.length; at += 1000) yield content.subarray(at, at + 1000);
    },
  };
}

/** Bytes that hold everything a line parser could trip over. */
export function awkwardBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 131 + (at >> 8)) & 0xff;
  Buffer.from("\r\nOK\r\n+++\r\nERROR\r\nAAAA\x1a\r\n+QSMTPPUT: 0,0\r\n").copy(bytes, Math.min(100, size));
  return bytes;
}
