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
  const { storage } = await quietly(() => inbox.start());
  storage.on("add", onMail);
  return { stop: () => inbox.stop() };
}

/** maildev prints its address in words of its own; the demo prints both addresses together. */
async function quietly(start) {
  const { info } = console;
  console.info = () => undefined;
  try {
    return await start();
  } finally {
    console.info = info;
  }
}
