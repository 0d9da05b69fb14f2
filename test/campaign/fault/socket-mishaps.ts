/** What befalls a connection of the module, on its network or in its TCP/IP stack. */
import { MINUTE, plan, SECOND, several, type Mishap, type Scene } from "./mishap";

/** Errors of QIOPEN: of the module, of names, of the network, and without a meaning. */
const OPEN_ERRORS = [550, 552, 553, 554, 555, 556, 561, 563, 565, 566, 567, 569, 570, 572, 574] as const;

/** A byte of what a session carries, from its greeting to the middle of a mail. */
function somewhere({ dice }: Scene): { socket: "up" | "down"; byte: number } {
  return { socket: dice.pick(["up", "down"]), byte: dice.between(1, dice.hit(0.5) ? 700 : 6_000) };
}

export const SOCKET_MISHAPS: readonly Mishap[] = [
  {
    name: "a connection ends on the network",
    weight: 5,
    strike: (scene) =>
      plan(
        scene,
        several(scene, 3, () => ({
          at: somewhere(scene),
          fault: { kind: scene.dice.pick(["cut", "reset", "silence", "halfClose"]) },
        })),
      ),
  },
  {
    name: "a connection stalls",
    weight: 2,
    strike: (scene) =>
      plan(
        scene,
        several(scene, 3, () => ({
          at: somewhere(scene),
          fault: { kind: "stall", ms: scene.dice.between(1, 700) * SECOND },
        })),
      ),
  },
  {
    name: "the network is silent after a mail",
    weight: 3,
    strike: (scene) => {
      const { office, heal } = scene;
      office.atAcceptance = () => {
        office.atAcceptance = () => "reply";
        scene.note();
        plan(scene, [{ at: { socket: "down", byte: 1 }, fault: { kind: "silence" } }]);
        return "reply";
      };
      heal(30 * MINUTE, () => (office.atAcceptance = () => "reply"));
      return "later";
    },
  },
  {
    name: "no connection can be opened",
    weight: 2,
    strike: (scene) =>
      plan(
        scene,
        [
          {
            at: { socket: "open", nth: scene.dice.pick([1, 2, "every"]) },
            fault: { kind: "openError", error: scene.dice.pick(OPEN_ERRORS) },
          },
        ],
        scene.dice.between(1, 20) * MINUTE,
      ),
  },
  {
    name: "the send buffer of the module is full",
    weight: 1,
    strike: (scene) =>
      plan(
        scene,
        several(scene, 3, () => ({
          at: { socket: "send", nth: scene.dice.between(1, 9) },
          fault: { kind: "sendFail" },
        })),
      ),
  },
];
