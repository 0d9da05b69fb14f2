/**
 * A process of its own with what stands outside a gateway: a simulated module on a pseudo terminal, whose line is paced and
 * which takes the time of a real one, and a mail server with delays, refusals for now and dropped connections.
 */
import { existsSync } from "node:fs";
import { lifelike, SimulatedModem } from "../../../lib/simulator";
import { smtpClient } from "../../../lib/simulator/delivery/smtp-state";
import { isServed } from "../../../lib/simulator/module/boot";
import { hasPacketService } from "../../../lib/simulator/module/registration";
import { servePty } from "../../../lib/simulator/serve/pty-server";
import { MailServer, type ReceivedMail, type SessionStep } from "../../support/mail-server";
import { seededRandom } from "../../support/random";
import { attachmentByte, type Copy, type FromStation, type ToStation } from "./messages";

/** Milliseconds for which the server thinks about each mail, at most. */
const THOUGHT = 300;
const THOUGHT_WHEN_MOODY = 2_000;
/** Parts of the commands that a moody server refuses for now, and of the steps at which it drops the connection. */
const REFUSED = 0.05;
const DROPPED = 0.03;
/** Milliseconds between two looks at the module. */
const LOOK = 20;

const tell = (message: FromStation): void => void (process.connected && process.send?.(message));

async function serve(path: string, seed: number): Promise<void> {
  const random = seededRandom(seed);
  let isMoody = false;
  const refusal = (code: number): number | undefined => (isMoody && random() < REFUSED ? code : undefined);
  const server: MailServer = await MailServer.start({
    refuse: {
      get mail() {
        return refusal(451);
      },
      get rcpt() {
        return refusal(450);
      },
      get data() {
        return refusal(452);
      },
    } as { mail: number; rcpt: number; data: number },
    pause: () => new Promise((go) => setTimeout(go, random() * (isMoody ? THOUGHT_WHEN_MOODY : THOUGHT))),
    follow: (session: string, step: SessionStep) => {
      if (!isMoody || step.kind === "over" || random() >= DROPPED) return;
      tell({ kind: "event", text: `the server drops a connection at ${step.kind}` });
      setTimeout(() => server.drop(session), random() * THOUGHT_WHEN_MOODY);
    },
  });
  void keepTelling(server);

  const module = new SimulatedModem({ timing: lifelike, variants: { "restart-port": "stays" } });
  const port = await servePty(module, path);
  let isRunning = true;
  module.log.follow((entry) => {
    if (entry.kind === "line" || entry.kind === "urc")
      tell({ kind: "event", text: `module: ${entry.kind} ${entry.text}` });
    if (entry.kind === "line" && entry.text.startsWith("AT+QFUPL=")) tell({ kind: "upload", isOpen: true });
    if (entry.kind === "payload") tell({ kind: "upload", isOpen: false });
    if (entry.kind !== "event") return;
    tell({ kind: "event", text: `module: ${entry.text}` });
    if (entry.text === "started") isRunning = true;
    if (["unplugged", "powered off", "restart", "powerLoss", "hangs"].includes(entry.text)) {
      isRunning = false;
      tell({ kind: "upload", isOpen: false });
    }
  });
  let isReady: boolean | undefined;
  setInterval(() => {
    const takesMails =
      isRunning &&
      existsSync(path) &&
      hasPacketService(module) &&
      isServed(module, "+QSMTPPUT") &&
      smtpClient(module).activity === "idle";
    if (takesMails === isReady) return;
    isReady = takesMails;
    tell({ kind: "module", isReady });
  }, LOOK);

  process.on("message", (message: ToStation) => {
    if (message.kind === "server") isMoody = message.isMoody;
    else module[message.action]();
  });
  // Without its parent nobody would end socat.
  process.once("disconnect", () => {
    module.powerOff();
    void Promise.all([port.close(), server.stop()]).then(() => process.exit());
  });
  tell({ kind: "serving", smtpPort: server.port });
}

async function keepTelling(server: MailServer): Promise<never> {
  for (let count = 1; ; count++) {
    const mail = await server.waitForMail(count);
    tell({ kind: "arrived", copy: copyOf(mail) });
  }
}

function copyOf({ parsed, to }: ReceivedMail): Copy {
  return {
    at: Date.now(),
    subject: parsed.subject ?? "",
    recipients: to,
    isMarked: /Possible duplicate, id \w+\./.test(parsed.text ?? ""),
    messageId: parsed.messageId ?? "",
    attachments: parsed.attachments.map(({ content }) =>
      content.every((byte, index) => byte === attachmentByte(index)) ? content.length : -1,
    ),
  };
}

const [, , path = "", seed = "1"] = process.argv;
void serve(path, Number(seed));
