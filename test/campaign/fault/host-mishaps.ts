/** What befalls the process, its disk and its clock in an episode; each ends on its own after a while. */
import type { Survives } from "../../support/faulty-files";
import { atAcceptance, MINUTE, SECOND, soon, type Mishap, type Scene } from "./mishap";

function kill(scene: Scene, survives: Survives): void {
  const { host, dice } = scene;
  host.kill(survives);
  scene.heal(dice.between(0, 120) * SECOND, () => host.start());
}

function survivingPowerCut({ dice }: Scene): "nothing" | (() => number) {
  return dice.hit(0.5) ? "nothing" : dice.random;
}

/** The process stands still for up to ten minutes. @param meanwhile what happens to others while it does */
function pause(scene: Scene, meanwhile: (ms: number) => void = () => undefined): void {
  const { host, dice } = scene;
  const ms = dice.pick([
    dice.between(100, 5_000),
    dice.between(5, 90) * SECOND,
    dice.between(90, 600) * SECOND,
  ]);
  host.stop();
  meanwhile(ms);
  scene.heal(ms, () => host.goOn(dice.pick(["timers", "line", "disk"])));
}

export const HOST_MISHAPS: readonly Mishap[] = [
  { name: "the process dies", weight: 3, strike: (scene) => soon(scene, () => kill(scene, "all")) },
  {
    name: "the process dies after a mail",
    weight: 2,
    strike: (scene) => atAcceptance(scene, () => kill(scene, "all")),
  },
  {
    name: "the host loses power",
    weight: 1,
    strike: (scene) => soon(scene, () => kill(scene, survivingPowerCut(scene))),
  },
  {
    name: "a deploy",
    weight: 3,
    strike: (scene) =>
      soon(scene, () => {
        const { host, dice } = scene;
        void host.close().then(() => scene.heal(dice.between(0, 20) * SECOND, () => host.start()));
      }),
  },
  { name: "the process is stopped", weight: 3, strike: (scene) => soon(scene, () => pause(scene)) },
  {
    name: "the process is stopped after a mail",
    weight: 2,
    strike: (scene) => atAcceptance(scene, () => pause(scene)),
  },
  {
    name: "another runtime opens the outbox of a stopped process",
    weight: 1,
    strike: (scene) =>
      soon(scene, () =>
        pause(scene, (ms) => {
          const { host, dice, clock } = scene;
          clock.after(dice.between(0, ms), () => host.intrude(dice.between(1, 120) * SECOND));
        }),
      ),
  },
  {
    name: "the disk is full",
    weight: 2,
    strike: ({ host, dice, heal }) => {
      const code = dice.pick(["ENOSPC", "ENOSPC", "EIO", "EROFS"]);
      const chance = dice.pick([1, 1, 0.3]);
      host.diskFault = ({ name }) =>
        (name === "create" || name === "write" || name === "sync" || name === "rename") && dice.hit(chance)
          ? code
          : undefined;
      heal(dice.between(1, 600) * SECOND, () => (host.diskFault = () => undefined));
    },
  },
  {
    name: "files are created slowly",
    weight: 2,
    strike: ({ host, dice, heal }) => {
      const most = dice.pick([500, 5_000, 60_000]);
      host.diskMs = ({ name }) => (name === "create" ? dice.between(1, most) : 0);
      heal(dice.between(1, 20) * MINUTE, () => (host.diskMs = () => 0));
    },
  },
  {
    name: "the disk stalls",
    weight: 1,
    strike: ({ host, dice, heal, clock }) => {
      const until = clock.now() + dice.between(1, 240) * SECOND;
      host.diskMs = () => Math.max(0, until - clock.now());
      heal(until - clock.now(), () => (host.diskMs = () => 0));
    },
  },
  {
    name: "the host's clock jumps",
    weight: 2,
    strike: ({ clock, dice }) => clock.jumpWall(dice.between(-2000, 2000) * 60 * MINUTE),
  },
  {
    name: "the host's clock is wrong by decades",
    weight: 2,
    strike: ({ clock, dice, heal }) => {
      const offset = clock.wall() - clock.now();
      const wrong = dice.pick([0, Date.UTC(2000, 0, 1), 2 ** 31 * SECOND, Date.UTC(2106, 1, 8), -86_400_000]);
      clock.jumpWall(wrong - clock.wall());
      heal(dice.between(1, 600) * MINUTE, () => clock.jumpWall(offset + clock.now() - clock.wall()));
    },
  },
];
