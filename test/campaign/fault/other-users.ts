/**
 * Who else sends mails through the module in an episode: a person at the editor, who tries the settings, and another
 * host on a port of its own, which no lock of this one keeps out.
 */
import { atAcceptance, MINUTE, SECOND, soon, type Mishap, type Scene } from "./mishap";

/** Milliseconds after which the person loses patience; undefined: waits for the end. */
function patience({ dice }: Scene): number | undefined {
  return dice.hit(0.5) ? undefined : dice.between(0, dice.pick([1, 30, 120])) * SECOND;
}

export const OTHER_USERS: readonly Mishap[] = [
  {
    name: "a test mail",
    weight: 3,
    strike: (scene) => soon(scene, () => scene.testMail(patience(scene))),
  },
  {
    // Host and module lose power with a mail in flight; a person sends a test mail before anything else happens.
    name: "a test mail between a loss and the question for it",
    weight: 3,
    strike: (scene) =>
      atAcceptance(scene, () => {
        const { host, module, clock, dice } = scene;
        host.kill("all");
        module.restart(dice.pick(["restart", "powerLoss"]));
        clock.after(dice.between(0, 60) * SECOND, () => {
          host.start();
          clock.after(dice.pick([0, 0, 100, 10 * SECOND]), () => scene.testMail(patience(scene)));
        });
      }),
  },
  {
    name: "test mails one after the other",
    weight: 1,
    strike: (scene) => {
      const { clock, dice } = scene;
      for (let test = 0; test < 4; test++)
        clock.after(dice.between(0, 10) * MINUTE, () => scene.testMail(patience(scene)));
    },
  },
  {
    name: "another host sends mails through the module",
    weight: 3,
    strike: (scene) => {
      const { clock, dice } = scene;
      for (let mail = 0; mail < dice.between(2, 8); mail++)
        clock.after(dice.between(0, 20 * MINUTE), () => scene.foreignMail());
    },
  },
];
