/** What befalls module, line, network and mail server in an episode; each ends on its own after a while. */
import { cell, change, cme, ERROR, setModuleTime, simCard } from "../../../lib/simulator";
import { HOST_MISHAPS } from "./host-mishaps";
import { LINK_MISHAPS } from "./link-mishaps";
import {
  anyCommand,
  atAcceptance,
  MINUTE,
  plan,
  SECOND,
  several,
  somewhere,
  soon,
  STEPS,
  unplug,
  type Mishap,
  type Scene,
} from "./mishap";
import { OTHER_USERS } from "./other-users";

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

const START_LINES = ["APP RDY", "+CFUN: 1", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE"];

function hang(scene: Scene): void {
  const { module, dice } = scene;
  module.hang();
  scene.heal(dice.between(20, 900) * SECOND, () => module.restart(dice.pick(["restart", "powerLoss"])));
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
    name: "duplicated bytes",
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

/** Every number with no reply of the server, with its consent, with the one amid DATA, and with refusals. */
const RESULTS = Array.from({ length: 33 }, (_none, index) => 650 + index).flatMap((number) =>
  [0, 250, 354, 451, 550].map((reply) => ({ number, reply })),
);

/** What a module cannot say of a mail that the server has taken: a refusal, and that the mail had not been begun. */
function contradictsAcceptance({ number, reply }: (typeof RESULTS)[number]): boolean {
  return reply >= 400 || (reply === 0 && [652, 653, 655, 659, 661, 664].includes(number));
}

const MODULE_MISHAPS: readonly Mishap[] = [
  {
    name: "the module names an error after a mail",
    weight: 4,
    strike: (scene) =>
      atAcceptance(scene, (arrival) => {
        // The numbers are those of the module's client.
        if (arrival.counter === "socket") return;
        const result = RESULTS[scene.turn % RESULTS.length] ?? { number: 654, reply: 0 };
        if (contradictsAcceptance(result)) scene.contradicted(arrival);
        const fault = { kind: "result", err: result.number, protocolError: result.reply } as const;
        plan(scene, [{ at: { smtp: "accepted" }, fault }]);
      }),
  },
  {
    name: "the module is busy for ever",
    weight: 2,
    strike: (scene) =>
      soon(scene, (module) => {
        const { dice, heal } = scene;
        if (dice.hit(0.5)) plan(scene, [{ at: { urc: "+QSMTPPUT" }, fault: { kind: "lose" } }]);
        const free = module.define(({ name, form }, next) =>
          name.startsWith("+QSMTP") && form !== "test" ? cme(652) : next(),
        );
        // For ever: until it starts again, by the host or by a person.
        module.once("started", free);
        heal(dice.between(30, 600) * MINUTE, () => {
          free();
          module.restart("powerLoss");
        });
      }),
  },
  {
    name: "the module reports restarts that do not happen",
    weight: 2,
    strike: (scene) =>
      soon(scene, (module) => {
        const { dice, clock } = scene;
        const lines = dice.between(2, 300);
        const every = dice.pick([0, 0, 10, 2_000]);
        for (let line = 0; line < lines; line++)
          clock.after(line * every, () => module.raiseUrc(dice.hit(0.8) ? "RDY" : dice.pick(START_LINES)));
      }),
  },
  {
    name: "the module restarts repeatedly",
    weight: 1,
    strike: (scene) =>
      soon(scene, (module) => {
        const { dice, clock } = scene;
        for (let start = 0; start < dice.between(2, 12); start++)
          clock.after(start * dice.between(500, 20_000), () => module.restart("restart"));
      }),
  },
  {
    name: "the module reports the result of a foreign mail",
    weight: 2,
    strike: (scene) =>
      soon(scene, (module) => {
        const { dice, clock } = scene;
        for (let line = 0; line < dice.between(1, 4); line++)
          clock.after(line * dice.between(0, 5_000), () => {
            if (scene.otherHost.mayBeHeard)
              module.raiseUrc(`+QSMTPPUT: ${dice.pick(["0,0", "0,250", "654,0", "678,550"])}`);
          });
      }),
  },
];

export const MISHAPS: readonly Mishap[] = [
  ...MODULE_MISHAPS,
  ...HOST_MISHAPS,
  ...LINK_MISHAPS,
  ...OTHER_USERS,
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
    name: "the network deactivates the PDP context",
    weight: 3,
    strike: (scene) => soon(scene, (module) => void module.emit("contextLost", undefined)),
  },
  {
    name: "the network refuses the PDP context",
    weight: 1,
    strike: (scene) => {
      const { module, dice } = scene;
      change(module, cell, { grantsContext: false });
      module.emit("contextLost", undefined);
      scene.heal(dice.between(10, 1200) * SECOND, () => change(module, cell, { grantsContext: true }));
    },
  },
  {
    name: "the SIM card is removed",
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
          at: { command: anyCommand(scene), nth: scene.dice.between(1, 3) },
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
    name: "the server crashes during a dialogue",
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
    name: "the server crashes after a mail",
    weight: 2,
    strike: (scene) => atAcceptance(scene, () => "hang up"),
  },
  {
    name: "the module restarts after a mail",
    weight: 2,
    strike: (scene) => atAcceptance(scene, () => scene.module.restart("restart")),
  },
  {
    name: "the network is lost after a mail",
    weight: 2,
    strike: (scene) => atAcceptance(scene, () => void scene.module.emit("contextLost", undefined)),
  },
  {
    name: "the cable is pulled after a mail",
    weight: 1,
    strike: (scene) => atAcceptance(scene, () => unplug(scene)),
  },
  {
    name: "the module's clock is wrong",
    weight: 1,
    strike: ({ module, clock, dice }) =>
      setModuleTime(module, clock.wall() + dice.between(-40, 40) * 365 * 24 * 60 * MINUTE, 0),
  },
];
