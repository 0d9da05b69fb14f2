/** How long an alert takes from the call to the server's acceptance, with a module that takes its time. */
import { lifelike, simulatorTransport } from "../../../lib/simulator";
import { mailRig, PLAIN, type MailRig } from "../../e2e/transaction/mail-rig";
import { sendWithFixedWaits } from "../peers/fixed-waits";
import { inRounds, type Row } from "../row";
import { ALERT } from "../support/mails";

export const alertTime: Row = {
  name: "alert-time",
  about: `An alert at ${lifelike.line} bit/s through a module that thinks ${lifelike.thinkingMs} ms a command and takes ${lifelike.airMs / 1000} s to send a mail, on the virtual clock.`,
  async measure(rounds) {
    const results = await inRounds(rounds, async () => ({ ...(await own()), script: await ofScript() }));
    const peer = { name: "script with fixed waits", samples: results.map(({ script }) => script) };
    return [
      {
        what: "alert to acceptance, first of a connection",
        unit: "s",
        samples: results.map(({ first }) => first),
        peer,
      },
      { what: "alert to acceptance, next", unit: "s", samples: results.map(({ next }) => next), peer },
    ];
  },
};

async function own(): Promise<{ readonly first: number; readonly next: number }> {
  const rig = await mailRig({ module: { timing: lifelike } });
  const first = await secondsToAcceptance(rig, () => rig.send(ALERT));
  const next = await secondsToAcceptance(rig, () => rig.send(ALERT));
  await rig.stop();
  return { first, next };
}

async function ofScript(): Promise<number> {
  const rig = await mailRig({ module: { timing: lifelike } });
  await rig.clock.until(rig.modem.close());
  const transport = simulatorTransport(rig.module)();
  await transport.open();
  const settings = { ...PLAIN, port: rig.server.port };
  const seconds = await secondsToAcceptance(rig, () =>
    rig.clock.until(
      sendWithFixedWaits(transport, rig.clock, settings, ALERT).then(() => rig.server.waitForMail()),
    ),
  );
  await transport.close();
  await rig.stop();
  return seconds;
}

async function secondsToAcceptance(rig: MailRig, send: () => Promise<unknown>): Promise<number> {
  const started = rig.clock.now();
  let accepted = 0;
  void rig.server.waitForStage("data").then(() => (accepted = rig.clock.now()));
  await send();
  if (accepted === 0) throw new Error("the server has no mail");
  return (accepted - started) / 1000;
}
