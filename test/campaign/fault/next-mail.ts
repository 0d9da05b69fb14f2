/**
 * After a single fault: how long after the module is ready again the mail server has the next mail, while mails wait.
 *
 * On the virtual clock, with a module, line and network that take as long as on a good day. Ready is what somebody
 * beside the host sees: the module runs, is registered, serves its mail commands and is busy with no mail, and the host
 * runs. What the host then still waits for is what is measured; the dialogue and the two seconds in flight are in it.
 */
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { internet, lifelike, SimulatedModem, simulatorTransport } from "../../../lib/simulator";
import { delivered } from "../../../lib/simulator/delivery/smtp-codes";
import { smtpClient } from "../../../lib/simulator/delivery/smtp-state";
import { isServed } from "../../../lib/simulator/module/boot";
import { hasPacketService } from "../../../lib/simulator/module/registration";
import { FastClock } from "../../support/fast-clock";
import { ACCOUNT } from "../../support/memory-rig";
import { NETWORK } from "../../support/module-replies";
import type { Dice } from "./dice";
import { Gateway } from "./gateway";
import { ProcessPause } from "./process-pause";
import { WireWitness } from "./wire-witness";

const SECOND = 1_000;
const HOUR = 3_600_000;
/** Milliseconds between two looks at the module. */
const LOOK = 10;
/** Mails that wait; more than go out before the fault. */
const MAILS = 12;
/** Milliseconds within which the fault strikes: several mails go out in it. */
const SPAN = 15 * SECOND;

export const SINGLE_FAULTS = ["the cable is out", "the module has no power", "a kill", "a deploy"] as const;
export type SingleFault = (typeof SINGLE_FAULTS)[number];

interface Scene {
  readonly module: SimulatedModem;
  readonly gateway: Gateway;
  readonly clock: FastClock;
  /** Milliseconds until it is repaired. */
  readonly ms: number;
}

const FAULTS: Readonly<Record<SingleFault, (scene: Scene) => void>> = {
  "the cable is out": ({ module, clock, ms }) => {
    module.unplug();
    clock.after(ms, () => module.plug());
  },
  "the module has no power": ({ module, clock, ms }) => {
    module.powerOff();
    clock.after(ms, () => module.powerOn());
  },
  "a kill": ({ gateway, clock, ms }) => {
    gateway.kill("all");
    clock.after(ms, () => gateway.start());
  },
  "a deploy": ({ gateway }) => void gateway.close().then(() => gateway.start()),
};

/**
 * One fault at a moment of chance, repaired after up to two minutes. Resolves with milliseconds.
 *
 * @param story takes what happens, for a person who looks for the cause
 */
export async function nextMailAfter(
  fault: SingleFault,
  dice: Dice,
  story: (line: string) => void = () => undefined,
): Promise<number> {
  const clock = new FastClock(Date.UTC(2026, 0, 1));
  // On USB the ports go with the module, a UART stays.
  const variants = { "restart-port": dice.pick(["vanishes", "stays"] as const) };
  const module = new SimulatedModem({ clock, timing: lifelike, variants });
  const tell = (what: string): void => story(`${(clock.now() / SECOND).toFixed(3)} ${what}`);
  module.log.follow(({ kind, ...entry }) => {
    if (kind === "line" || kind === "urc" || kind === "event")
      tell(`module ${kind} ${JSON.stringify(entry)}`);
  });
  const arrivals: number[] = [];
  module.state(internet).mailServer = async () => {
    arrivals.push(clock.now());
    tell("ARRIVAL");
    return delivered;
  };
  const gateway = new Gateway({
    clock,
    port: "usbat",
    pause: new ProcessPause(clock),
    transport: simulatorTransport(module),
    witness: new WireWitness(),
    store: memoryStore(),
    mailer: "module",
    network: NETWORK,
    smtp: ACCOUNT,
    bccMode: "private",
    queue: {
      maxAge: 1440,
      maxQueued: 1000,
      maxSpoolMB: 100,
      keepFailedDays: 7,
      ratePerHour: 0,
      fingerprint: { port: "p", sim: "", apn: "", server: "s", login: "l", sender: "f" },
    },
    charset: "auto",
    random: dice.random,
    diskMs: () => dice.between(0, 3),
    lineMs: () => 0,
    published: (what, text) => void (what === "state" && tell(`host ${text}`)),
    ended: () => undefined,
  });
  gateway.start();
  await clock.run(() => gateway.outbox !== undefined, HOUR);
  for (let number = 0; number < MAILS; number++) {
    const to = [`duty-${number}@example.com`];
    const mail = {
      from: undefined,
      to,
      cc: [],
      bcc: [],
      subject: `Alarm ${number}`,
      text: "Level too high.",
    };
    const rest = { attachments: [], warnings: [], priority: "normal" } as const;
    await clock.until(
      gateway.accept({ ...mail, ...rest }, { maxAge: undefined, delivery: "atLeastOnce" }, number),
      HOUR,
    );
  }
  await clock.run(() => arrivals.length > 0, HOUR);
  await clock.advance(dice.between(0, SPAN));

  const former = gateway.current;
  tell(`FAULT ${fault}`);
  FAULTS[fault]({ module, gateway, clock, ms: dice.between(100, 120 * SECOND) });
  let hasStarted = !isModuleFault(fault);
  module.once("started", () => (hasStarted = true));
  let readyAt: number | undefined;
  const look = (): void => {
    const isUp = gateway.current !== undefined && (gateway.current !== former || isModuleFault(fault));
    if (isUp && hasStarted && takesMails(module)) {
      readyAt = clock.now();
      tell("READY");
    } else clock.after(LOOK, look);
  };
  look();
  await clock.run(() => readyAt !== undefined, HOUR);
  const ready = readyAt ?? 0;
  await clock.run(() => arrivals.some((at) => at >= ready), HOUR);
  const next = arrivals.find((at) => at >= ready) ?? Infinity;
  await clock.until(gateway.close(), HOUR);
  return next - ready;
}

function isModuleFault(fault: SingleFault): boolean {
  return fault === "the cable is out" || fault === "the module has no power";
}

/** What a mail sent by hand on another port would find. */
function takesMails(module: SimulatedModem): boolean {
  return hasPacketService(module) && isServed(module, "+QSMTPPUT") && smtpClient(module).activity === "idle";
}
