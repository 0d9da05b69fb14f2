/** What a mail costs on the line: command lines and bytes, counted in the log of the simulated module. */
import { simulatorTransport } from "../../../lib/simulator";
import { mailRig, PLAIN, type MailRig } from "../../e2e/transaction/mail-rig";
import { sendWithFixedWaits } from "../peers/fixed-waits";
import { inRounds, type Row } from "../row";
import { ALERT } from "../support/mails";

const PEER = "script with fixed waits";

export const commandLines: Row = {
  name: "command-lines",
  about:
    "Command lines and bytes in both directions for an alert to one recipient, counted by the simulated module.",
  async measure(rounds) {
    const results = await inRounds(rounds, async () => ({ ...(await own()), script: await ofScript() }));
    const script = { name: PEER, samples: results.map(({ script }) => script) };
    return [
      {
        what: "command lines, first mail of a connection",
        unit: "",
        samples: results.map(({ first }) => first.lines),
        peer: script,
      },
      {
        what: "command lines, second mail, same settings",
        unit: "",
        samples: results.map(({ second }) => second.lines),
        goal: { kind: "exactly", value: 5 },
        peer: script,
      },
      {
        what: "bytes on the line beside the text, second mail",
        unit: "bytes",
        samples: results.map(({ second }) => second.bytes),
      },
    ];
  },
};

interface Cost {
  readonly lines: number;
  /** In both directions, without the text. */
  readonly bytes: number;
}

async function own(): Promise<{ readonly first: Cost; readonly second: Cost }> {
  const rig = await mailRig();
  const first = await costOf(rig, () => rig.send(ALERT));
  const second = await costOf(rig, () => rig.send(ALERT));
  await rig.stop();
  return { first, second };
}

async function ofScript(): Promise<number> {
  const rig = await mailRig();
  await rig.clock.until(rig.modem.close());
  const transport = simulatorTransport(rig.module)();
  await transport.open();
  const { lines } = await costOf(rig, () =>
    rig.clock.until(sendWithFixedWaits(transport, rig.clock, { ...PLAIN, port: rig.server.port }, ALERT)),
  );
  await rig.server.waitForMail();
  await transport.close();
  await rig.stop();
  return lines;
}

async function costOf({ module }: MailRig, send: () => Promise<unknown>): Promise<Cost> {
  module.log.clear();
  await send();
  const bytes = (["received", "sent"] as const).map((kind) => module.log.bytes(kind, "usbat").length);
  return {
    lines: module.log.lines().length,
    bytes: bytes.reduce((sum, count) => sum + count, -ALERT.mail.text.length),
  };
}
