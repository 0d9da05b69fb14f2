/** Deploys of the flows as mishaps, in episodes whose messages come in through nodes; each but the one changed goes on. */
import { MODEM, SEND, type Definition, type Flows } from "./flow-file";
import type { Gateway } from "./gateway";
import type { MailerKind } from "./gateway-mailer";
import { atAcceptance, MINUTE, SECOND, soon, type Mishap, type Scene } from "./mishap";

/** A copy counts as changed. */
type Change = (node: Definition) => Definition;

function changed(flows: Flows, type: string, change: Change): Flows {
  return new Map([...flows].map(([id, node]) => [id, node.type === type ? change(node) : node]));
}

function touched(node: Definition): Definition {
  return { ...node };
}

function deploy(scene: Scene, gateway: Gateway, flows: (now: Flows, first: Flows) => Flows): void {
  void scene.host.deploy(gateway, flows);
}

function restartConfig(scene: Scene): void {
  const { host, dice } = scene;
  // Another setting of the connection costs the module its connection, others do not.
  const change: Change = dice.hit(0.3)
    ? (node) => ({ ...node, idleMinutes: dice.between(1, 60) })
    : (node) => ({
        ...node,
        sendTimeout: dice.pick([60, 120, 300]),
        senderName: dice.pick(["Pump 7", "Pump"]),
      });
  const more = dice.hit(0.3) ? dice.between(1, 3) : 1;
  const gateway = dice.pick(host.gateways);
  for (let one = 0; one < more; one++) deploy(scene, gateway, (now) => changed(now, MODEM, change));
}

function removeSenders(scene: Scene): void {
  const { host, dice, heal } = scene;
  const gateway = dice.pick(host.gateways);
  const isAll = dice.hit(0.5);
  deploy(
    scene,
    gateway,
    (now) =>
      new Map(
        [...now].filter(
          ([, { type }]) => !(type === SEND ? isAll || dice.hit(0.5) : isAll && type !== MODEM),
        ),
      ),
  );
  heal(dice.between(1, 900) * SECOND, () =>
    deploy(
      scene,
      gateway,
      (now, first) => new Map([...first].map(([id, node]) => [id, now.get(id) ?? node])),
    ),
  );
}

const OTHERS: Readonly<Record<MailerKind, readonly MailerKind[]>> = {
  module: ["socket", "auto"],
  socket: ["module", "auto"],
  auto: ["module", "socket"],
};

/** For episodes in which either way can be proved. */
export const CHANGE_OF_MAILER: Mishap = {
  name: "a deploy changes who speaks SMTP",
  weight: 5,
  strike: (scene) =>
    soon(scene, () => {
      const { host, dice } = scene;
      deploy(scene, dice.pick(host.gateways), (now) =>
        changed(now, MODEM, (node) => ({ ...node, mailer: dice.pick(OTHERS[node["mailer"] as MailerKind]) })),
      );
    }),
};

export const DEPLOYS: readonly Mishap[] = [
  {
    name: "a deploy of the nodes that send",
    weight: 5,
    strike: (scene) =>
      soon(scene, () =>
        deploy(scene, scene.dice.pick(scene.host.gateways), (now) => changed(now, SEND, touched)),
      ),
  },
  {
    name: "a deploy restarts the config node",
    weight: 5,
    strike: (scene) => soon(scene, () => restartConfig(scene)),
  },
  {
    name: "a deploy restarts the config node after a mail",
    weight: 4,
    strike: (scene) => atAcceptance(scene, () => restartConfig(scene)),
  },
  {
    name: "a deploy removes nodes for a while",
    weight: 5,
    strike: (scene) => soon(scene, () => removeSenders(scene)),
  },
  {
    name: "a deploy changes the password of the mail server to a wrong one",
    weight: 2,
    strike: (scene) =>
      soon(scene, () => {
        const { host, dice, heal } = scene;
        const gateway = dice.pick(host.gateways);
        const withPassword = (password: (first: Flows) => string | undefined): void =>
          deploy(scene, gateway, (now, first) => {
            const smtpPassword = password(first);
            return changed(now, MODEM, (node) => ({
              ...node,
              credentials: { ...node.credentials, ...(smtpPassword !== undefined && { smtpPassword }) },
            }));
          });
        withPassword(() => "of yesterday");
        heal(dice.between(1, 60) * MINUTE, () =>
          withPassword(
            (first) => [...first.values()].find(({ type }) => type === MODEM)?.credentials?.smtpPassword,
          ),
        );
      }),
  },
];
