// The local inbox of the demo: a real SMTP server with a web page (maildev), on loopback only.
import { MailDev } from "maildev";

/** Starts the inbox; `onMail` gets each mail as maildev's Email object. */
export async function startInbox({ smtpPort, webPort, onMail }) {
  const inbox = new MailDev({
    smtp: smtpPort,
    ip: "127.0.0.1",
    web: webPort,
    webIp: "127.0.0.1",
    silent: true,
  });
  const { storage } = await inbox.start();
  storage.on("add", onMail);
  return { stop: () => inbox.stop() };
}
