/** What a mishap is, and how those of the campaign strike: at once, at a byte, command or step, or at an acceptance. */
import type { FaultPlan, FaultRule, SimulatedModem, SmtpStep } from "../../../lib/simulator";
import type { FastClock } from "../../support/fast-clock";
import type { Dice } from "./dice";
import type { MailerKind } from "./gateway-mailer";
import type { Host } from "./host";
import type { OtherHost } from "./other-host";
import type { Arrival, PostOffice } from "./post-office";

export interface Scene {
  readonly mailer: MailerKind;
  readonly clock: FastClock;
  readonly module: SimulatedModem;
  readonly office: PostOffice;
  readonly host: Host;
  readonly dice: Dice;
  /** Number of the mishap in the whole campaign, for those that go through a table instead of drawing from it. */
  readonly turn: number;
  /** The module contradicts a server that has taken the mail: nothing can tell its word from the truth. */
  readonly contradicted: (arrival: Arrival) => void;
  /** A person sends a test mail, and may cancel it after so many milliseconds. */
  readonly testMail: (cancelAfterMs: number | undefined) => void;
  readonly otherHost: OtherHost;
  /** Another host sends a mail, while the module is free. */
  readonly foreignMail: () => void;
  /** Tells that it strikes now. */
  readonly note: () => void;
  /** Undoes something after `ms`, or earlier when the episode comes to its end. */
  readonly heal: (ms: number, repair: () => void) => void;
}

export interface Mishap {
  readonly name: string;
  readonly weight: number;
  /** "later": it strikes at a moment that is still to come, and notes that itself. */
  readonly strike: (scene: Scene) => void | "later";
}

export const SECOND = 1_000;
export const MINUTE = 60_000;

export const STEPS: readonly SmtpStep[] = [
  "connect",
  "greeting",
  "ehlo",
  "starttls",
  "auth",
  "mail",
  "rcpt",
  "data",
  "end",
];
const COMMANDS = [
  "+QSMTPCLR",
  "+QSMTPDST",
  "+QSMTPSUB",
  "+QSMTPBODY",
  "+QSMTPATT",
  "+QSMTPPUT",
  "+QSMTPCFG",
  "+QSSLCFG",
  "+QFUPL",
  "+QFDEL",
  "+QFLST",
  "+QFLDS",
  "+QIACT",
  "+CEREG",
  "+CPIN",
  "+CCLK",
] as const;

/** Those of a mail over a socket. */
const SOCKET_COMMANDS = [
  "+QIOPEN",
  "+QISEND",
  "+QISEND",
  "+QIRD",
  "+QICLOSE",
  "+QISTATE",
  "+QICFG",
  "+QIACT",
  "+CEREG",
] as const;

/** A command that the mails of the episode need. */
export function anyCommand({ dice, mailer }: Scene): string {
  const isBySocket = mailer === "socket" || (mailer === "auto" && dice.hit(0.5));
  return dice.pick<string>(isBySocket ? SOCKET_COMMANDS : COMMANDS);
}

/** Faults at bytes of the line, counted from now. */
export function plan(scene: Scene, rules: FaultPlan, ms = 20 * MINUTE): void {
  scene.module.faults.set(rules);
  scene.heal(ms, () => scene.module.faults.set([]));
}

export function somewhere({ dice }: Scene): { direction: "host" | "modem"; byte: number } {
  return { direction: dice.pick(["host", "modem"]), byte: dice.between(1, dice.hit(0.5) ? 600 : 4_000) };
}

export function several(scene: Scene, most: number, make: () => FaultRule): FaultPlan {
  return Array.from({ length: scene.dice.between(1, most) }, make);
}

/** Does it at a moment of the next mail that matters, or now. */
export function soon(scene: Scene, strike: (module: SimulatedModem) => void): void | "later" {
  const { dice, module } = scene;
  const run = (): void => {
    scene.note();
    strike(module);
  };
  const fault = { kind: "run", run } as const;
  const chance = dice.random();
  if (chance < 0.35) plan(scene, [{ at: somewhere(scene), fault }]);
  else if (chance < 0.6) plan(scene, [{ at: { command: anyCommand(scene) }, fault }]);
  else if (chance < 0.8) plan(scene, [{ at: { smtp: dice.pick(STEPS) }, fault }]);
  else {
    strike(module);
    return;
  }
  return "later";
}

/** Between the server's acceptance of the next mail and its reply. */
export function atAcceptance(scene: Scene, strike: (arrival: Arrival) => void | "hang up"): "later" {
  const { office } = scene;
  office.atAcceptance = (arrival) => {
    office.atAcceptance = () => "reply";
    scene.note();
    return strike(arrival) ?? "reply";
  };
  scene.heal(30 * MINUTE, () => (office.atAcceptance = () => "reply"));
  return "later";
}

export function unplug(scene: Scene): void {
  const { module, dice } = scene;
  module.unplug();
  scene.heal(dice.between(1, 300) * SECOND, () => module.plug());
}
