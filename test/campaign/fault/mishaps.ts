/** What befalls module, line, network, mail server and host in an episode; each ends by itself after a while. */
import type { FaultPlan, FaultRule, SimulatedModem, SmtpStep } from "../../../lib/simulator";
import { cell, change, cme, ERROR, setModuleTime, simCard } from "../../../lib/simulator";
import type { FastClock } from "../../support/fast-clock";
import type { Dice } from "./dice";
import type { Gateway } from "./gateway";
import type { PostOffice } from "./post-office";

export interface Scene {
  readonly clock: FastClock;
  readonly module: SimulatedModem;
  readonly office: PostOffice;
  readonly gateway: Gateway;
  readonly dice: Dice;
  /** Undoes something after `ms`, or earlier when the episode comes to its end. */
  readonly heal: (ms: number, repair: () => void) => void;
}

export interface Mishap {
  readonly name: string;
  readonly weight: number;
  readonly strike: (scene: Scene) => void;
}

const SECOND = 1_000;
const MINUTE = 60_000;

const STEPS: readonly SmtpStep[] = [
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
const URCS = [
  '+QIND: "csq",12,99',
  "+CREG: 2",
  "+CEREG: 1",
  "RING",
  '+CMTI: "ME",3',
  '+QIURC: "pdpdeact",1',
  "NO CARRIER",
  "+QUSIM: 1",
  "+QSMTPPUT: 0",
  "\x00\x00",
];

/** Faults at bytes of the line, counted from now. */
function plan(scene: Scene, rules: FaultPlan, ms = 20 * MINUTE): void {
  scene.module.faults.set(rules);
  scene.heal(ms, () => scene.module.faults.set([]));
}

function somewhere({ dice }: Scene): { direction: "host" | "modem"; byte: number } {
  return { direction: dice.pick(["host", "modem"]), byte: dice.between(1, dice.hit(0.5) ? 600 : 4_000) };
}

function several(scene: Scene, most: number, make: () => FaultRule): FaultPlan {
  return Array.from({ length: scene.dice.between(1, most) }, make);
}

/** Does it at a moment of the next mail that matters, or now. */
function soon(scene: Scene, strike: (module: SimulatedModem) => void): void {
  const { dice, module } = scene;
  const fault = { kind: "run", run: () => strike(module) } as const;
  const chance = dice.random();
  if (chance < 0.35) plan(scene, [{ at: somewhere(scene), fault }]);
  else if (chance < 0.6) plan(scene, [{ at: { command: dice.pick(COMMANDS) }, fault }]);
  else if (chance < 0.8) plan(scene, [{ at: { smtp: dice.pick(STEPS) }, fault }]);
  else strike(module);
}

/** Between the server's acceptance of the next mail and its reply. */
function atAcceptance(scene: Scene, strike: () => "reply" | "hang up"): void {
  const { office } = scene;
  office.atAcceptance = () => {
    office.atAcceptance = () => "reply";
    return strike();
  };
  scene.heal(30 * MINUTE, () => (office.atAcceptance = () => "reply"));
}

function unplug(scene: Scene): void {
  const { module, dice } = scene;
  module.unplug();
  scene.heal(dice.between(1, 300) * SECOND, () => module.plug());
}

function hang(scene: Scene): void {
  const { module, dice } = scene;
  module.hang();
  scene.heal(dice.between(20, 900) * SECOND, () => module.restart(dice.pick(["restart", "powerLoss"])));
}

function kill(scene: Scene, survives: "all" | "nothing" | (() => number)): void {
  const { gateway, dice } = scene;
  gateway.kill(survives);
  scene.heal(dice.between(0, 120) * SECOND, () => gateway.start());
}

function survivingPowerCut({ dice }: Scene): "nothing" | (() => number) {
  return dice.hit(0.5) ? "nothing" : dice.random;
}

/** Mishaps of a line without checksums: bytes come wrong, twice or not at all. */
export const NOISE: readonly Mishap[] = [
  {
    name: "line noise",
    weight: 3,
    strike: (scene) =>
      plan(
        scene,
        several(scene, 4, () => ({
          at: somewhere(scene),
          fault: { kind: "corrupt", count: scene.dice.between(1, 3), mask: 1 << scene.dice.between(0, 7) },
        })),
      ),
  },
  {
    name: "dropped bytes",
    weight: 3,
    strike: (scene) =>
      plan(
        scene,
        several(scene, 3, () => ({
          at: somewhere(scene),
          fault: { kind: "drop", count: scene.dice.between(1, 20) },
        })),
      ),
  },
  {
    name: "doubled bytes",
    weight: 2,
    strike: (scene) =>
      plan(
        scene,
        several(scene, 3, () => ({
          at: somewhere(scene),
          fault: { kind: "duplicate", count: scene.dice.between(1, 5) },
        })),
      ),
  },
];

export const MISHAPS: readonly Mishap[] = [
  {
    name: "the line is slow",
    weight: 1,
    strike: (scene) =>
      plan(
        scene,
        several(scene, 3, () => ({
          at: somewhere(scene),
          fault: { kind: "delay", ms: scene.dice.between(100, 60_000) },
        })),
      ),
  },
  {
    name: "storm of unsolicited lines",
    weight: 2,
    strike: (scene) =>
      plan(
        scene,
        Array.from({ length: 30 }, () => ({
          at: { direction: "modem", byte: scene.dice.between(1, 2_000) },
          fault: { kind: "urc", line: scene.dice.pick(URCS) },
        })),
      ),
  },
  {
    name: "the module restarts",
    weight: 2,
    strike: (scene) => soon(scene, (module) => module.restart("restart")),
  },
  {
    name: "the module loses power",
    weight: 1,
    strike: (scene) => soon(scene, (module) => module.restart("powerLoss")),
  },
  { name: "the cable is pulled", weight: 2, strike: (scene) => soon(scene, () => unplug(scene)) },
  { name: "the module hangs", weight: 1, strike: (scene) => soon(scene, () => hang(scene)) },
  {
    name: "the network takes the PDP context",
    weight: 3,
    strike: (scene) => soon(scene, (module) => void module.emit("contextLost", undefined)),
  },
  {
    name: "the network grants no PDP context",
    weight: 1,
    strike: (scene) => {
      const { module, dice } = scene;
      change(module, cell, { grantsContext: false });
      module.emit("contextLost", undefined);
      scene.heal(dice.between(10, 1200) * SECOND, () => change(module, cell, { grantsContext: true }));
    },
  },
  {
    name: "the SIM card is gone",
    weight: 1,
    strike: (scene) =>
      soon(scene, (module) => {
        change(module, simCard, { inserted: false });
        scene.heal(scene.dice.between(10, 900) * SECOND, () => change(module, simCard, { inserted: true }));
      }),
  },
  {
    name: "no registration",
    weight: 2,
    strike: (scene) =>
      soon(scene, (module) => {
        change(module, cell, { registration: scene.dice.pick([0, 2, 3]) });
        scene.heal(scene.dice.between(10, 900) * SECOND, () => change(module, cell, { registration: 1 }));
      }),
  },
  {
    name: "no signal",
    weight: 2,
    strike: (scene) =>
      soon(scene, (module) => {
        change(module, cell, { rssi: 99 });
        scene.heal(scene.dice.between(10, 900) * SECOND, () => change(module, cell, { rssi: 20 }));
      }),
  },
  {
    name: "errors of the module",
    weight: 3,
    strike: (scene) =>
      plan(
        scene,
        several(scene, 3, () => ({
          at: { command: scene.dice.pick(COMMANDS), nth: scene.dice.between(1, 3) },
          fault: {
            kind: "result",
            result: scene.dice.hit(0.3)
              ? ERROR
              : cme(scene.dice.pick([3, 10, 14, 20, 30, 50, 100, 405, 407, 651, 652, 662, 663, 664])),
          },
        })),
      ),
  },
  {
    name: "storage full",
    weight: 1,
    strike: (scene) =>
      plan(
        scene,
        [
          {
            at: { command: "+QFUPL", nth: "every" },
            fault: { kind: "result", result: cme(scene.dice.pick([403, 420, 423])) },
          },
        ],
        scene.dice.between(1, 10) * MINUTE,
      ),
  },
  {
    name: "refusals of the server",
    weight: 4,
    strike: (scene) =>
      plan(
        scene,
        several(scene, 2, () => ({
          at: { smtp: scene.dice.pick(STEPS), nth: scene.dice.between(1, 2) },
          fault: {
            kind: "reply",
            code: scene.dice.pick([421, 450, 451, 452, 454, 500, 503, 535, 550, 552, 554, 599]),
            text: "no",
          },
        })),
      ),
  },
  {
    name: "a slow server",
    weight: 2,
    strike: (scene) =>
      plan(
        scene,
        several(scene, 2, () => ({
          at: { smtp: scene.dice.pick(STEPS) },
          fault: { kind: "delay", ms: scene.dice.between(1, 400) * SECOND },
        })),
      ),
  },
  {
    name: "TLS fails",
    weight: 2,
    strike: ({ office, heal, dice }) => {
      office.tlsTrouble = dice.pick(["wrong name", "nonsense", "hangs up"]);
      heal(dice.between(5, 1_200) * SECOND, () => (office.tlsTrouble = "none"));
    },
  },
  {
    name: "the server is down",
    weight: 1,
    strike: ({ office, heal, dice }) => {
      office.isDown = true;
      office.hangUp();
      heal(dice.between(5, 1_200) * SECOND, () => (office.isDown = false));
    },
  },
  {
    name: "the server crashes in a dialogue",
    weight: 2,
    strike: (scene) =>
      plan(scene, [
        {
          at: { smtp: scene.dice.pick(STEPS) },
          fault: {
            kind: "run",
            run: () => {
              scene.office.isDown = true;
              scene.office.hangUp();
              scene.heal(scene.dice.between(1, 300) * SECOND, () => (scene.office.isDown = false));
            },
          },
        },
      ]),
  },
  {
    name: "the server crashes behind a mail",
    weight: 2,
    strike: (scene) => atAcceptance(scene, () => "hang up"),
  },
  {
    name: "the module restarts behind a mail",
    weight: 2,
    strike: (scene) =>
      atAcceptance(scene, () => {
        scene.module.restart("restart");
        return "reply";
      }),
  },
  {
    name: "the network is lost behind a mail",
    weight: 2,
    strike: (scene) =>
      atAcceptance(scene, () => {
        scene.module.emit("contextLost", undefined);
        return "reply";
      }),
  },
  {
    name: "the cable is pulled behind a mail",
    weight: 1,
    strike: (scene) =>
      atAcceptance(scene, () => {
        unplug(scene);
        return "reply";
      }),
  },
  {
    name: "the process dies behind a mail",
    weight: 2,
    strike: (scene) =>
      atAcceptance(scene, () => {
        kill(scene, "all");
        return "reply";
      }),
  },
  {
    name: "the module's clock is wrong",
    weight: 1,
    strike: ({ module, clock, dice }) =>
      setModuleTime(module, clock.wall() + dice.between(-40, 40) * 365 * 24 * 60 * MINUTE, 0),
  },
  {
    name: "the host's clock jumps",
    weight: 2,
    strike: ({ clock, dice }) => clock.jumpWall(dice.between(-2000, 2000) * 60 * MINUTE),
  },
  { name: "the process dies", weight: 3, strike: (scene) => soon(scene, () => kill(scene, "all")) },
  {
    name: "the host loses power",
    weight: 1,
    strike: (scene) => soon(scene, () => kill(scene, survivingPowerCut(scene))),
  },
  {
    name: "the disk is full",
    weight: 2,
    strike: (scene) => {
      const { gateway, dice } = scene;
      const code = dice.pick(["ENOSPC", "ENOSPC", "EIO", "EROFS"]);
      const chance = dice.pick([1, 1, 0.3]);
      gateway.disk.fault = ({ name }) =>
        (name === "create" || name === "write" || name === "sync" || name === "rename") && dice.hit(chance)
          ? code
          : undefined;
      scene.heal(dice.between(1, 600) * SECOND, () => (gateway.disk.fault = () => undefined));
    },
  },
  {
    name: "a deploy",
    weight: 3,
    strike: (scene) =>
      soon(scene, () => {
        const { gateway } = scene;
        void gateway
          .close()
          .then(() => scene.heal(scene.dice.between(0, 20) * SECOND, () => gateway.start()));
      }),
  },
];
