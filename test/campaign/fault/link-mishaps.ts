/** What befalls the way between outbox and module without a sign of its own, and the outbox's folder; each ends after a while. */
import { atAcceptance, plan, SECOND, soon, type Mishap } from "./mishap";

/** Negotiations of RFC 854: IAC with WILL, WONT, DO or DONT and an option; and an escaped 255. */
const TELNET = [
  "\xff\xfb\x01\xff\xfb\x03",
  "\xff\xfd\x18\xff\xfd\x20",
  "\xff\xfc\x01\xff\xfe\x03",
  "\xff\xff",
];

export const LINK_MISHAPS: readonly Mishap[] = [
  {
    // Whoever waits behind it finds a line that takes bytes and a module that answers nothing.
    name: "the module falls silent after a mail, others waiting",
    weight: 1,
    strike: (scene) =>
      atAcceptance(scene, () => {
        const { module, dice, heal } = scene;
        module.hang();
        heal(dice.between(20, 900) * SECOND, () => module.restart(dice.pick(["restart", "powerLoss"])));
      }),
  },
  {
    name: "a telnet server on the line",
    weight: 1,
    strike: (scene) =>
      plan(
        scene,
        Array.from({ length: 10 }, () => ({
          at: { direction: "modem", byte: scene.dice.between(1, 2_000) },
          fault: { kind: "urc", line: scene.dice.pick(TELNET) },
        })),
      ),
  },
  {
    // As of a share that is gone for a while, or a folder that a person moves away and back.
    name: "the folder of the outbox is away",
    weight: 1,
    strike: (scene) =>
      soon(scene, () => {
        const { host, dice, heal } = scene;
        host.diskFault = () => "ENOENT";
        heal(dice.between(1, 300) * SECOND, () => (host.diskFault = () => undefined));
      }),
  },
];
