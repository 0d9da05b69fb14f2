/** A mail with a 5 MB attachment: how long the event loop of the runtime stands still. */
import { systemClock } from "../../../lib/clock";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import { QsmtpMailer } from "../../../lib/mailer/qsmtp/qsmtp-mailer";
import type { Mailer } from "../../../lib/mailer/mailer";
import { TcpTransport } from "../../../lib/serial/tcp-transport";
import { hostFiles } from "../../../lib/outbox/spool/files";
import { PLAIN } from "../../e2e/transaction/mail-rig";
import { modemOn, NETWORK } from "../../support/module-replies";
import { mail } from "../../unit/outbox/bench";
import { inRounds, type Row } from "../row";
import { diskOutbox, withFolder } from "../support/disk-outbox";
import { type MailStation, startMailStation } from "../support/mail-station";
import { TurnWatch } from "../support/turns";

const SIZE = 5_000_000;

export const eventLoop: Row = {
  name: "event-loop",
  about:
    "Longest turn of the event loop from accepting a mail with 5 MB attached to its end; module and mail server run in another process.",
  async measure(rounds) {
    const station = await startMailStation();
    const mailer = await readyMailer(station);
    const samples = await withFolder(async (folder) => {
      const { outbox, accept, ends } = diskOutbox(folder, mailer, hostFiles);
      await outbox.open();
      const send = async (size: number): Promise<number> => {
        const bytes = Buffer.alloc(size, 7);
        const watch = new TurnWatch();
        const ended = ends(1);
        await accept(
          mail("Film", { attachments: [{ filename: "film.bin", content: { kind: "bytes", bytes } }] }),
        );
        await ended;
        watch.stop();
        return watch.longest;
      };
      // What is loaded when first needed is not what is measured here.
      await send(SIZE / 100);
      const longest = await inRounds(rounds, () => send(SIZE));
      await outbox.close();
      return longest;
    });
    station.stop();
    return [
      {
        what: "longest turn of the event loop, 5 MB attached",
        unit: "ms",
        samples,
        goal: { kind: "atMost", limit: 5 },
      },
    ];
  },
};

async function readyMailer({ modemPort, smtpPort }: MailStation): Promise<Mailer> {
  const { modem } = modemOn(
    () => new TcpTransport({ host: "127.0.0.1", port: modemPort, clock: systemClock }),
    systemClock,
  );
  const mailer = new QsmtpMailer({
    modem,
    pdp: new PdpContext(modem, NETWORK),
    moduleClock: new ModuleClock(modem, 1),
    settings: { ...PLAIN, user: "", password: "", host: "127.0.0.1", port: smtpPort },
    roots: () => Promise.resolve([]),
    store: memoryStore(),
    text: { senderName: "Pump 7", senderAddress: "pump7@example.com", charset: "auto", lateNote: 0 },
    bccMode: "private",
  });
  modem.acquire();
  await modem.whenReady();
  return mailer;
}
