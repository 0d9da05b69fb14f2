/** All features of the simulated modem, and their commands by name. */
import type { Command, Feature } from "../device/command";
import { cardFilesFeature } from "./card-files";
import { clockFeature } from "./clock";
import { filesFeature } from "./files";
import { generalFeature } from "./general";
import { identityFeature } from "./identity";
import { modemManagerFeature } from "./modemmanager";
import { networkFeature } from "./network";
import { operatorFeature } from "./operator";
import { packetDomainFeature } from "./packet-domain";
import { powerFeature } from "./power";
import { readinessFeature } from "./readiness";
import { simFeature } from "./sim";
import { smtpFeature } from "./smtp";
import { socketsFeature } from "./sockets";
import { sslFeature } from "./ssl";
import { tcpipFeature } from "./tcpip";

export const features: readonly Feature[] = [
  generalFeature,
  identityFeature,
  simFeature,
  cardFilesFeature,
  networkFeature,
  operatorFeature,
  clockFeature,
  powerFeature,
  readinessFeature,
  modemManagerFeature,
  packetDomainFeature,
  filesFeature,
  sslFeature,
  smtpFeature,
  tcpipFeature,
  socketsFeature,
];

/** All commands of the simulated modem by name, made of the tables of the features. */
export class CommandRegistry {
  private readonly commands = new Map<string, Command>();

  /** @throws when two features claim the same command. */
  constructor(features: readonly Feature[]) {
    for (const feature of features) {
      for (const [name, command] of Object.entries(feature.commands)) {
        if (this.commands.has(name)) throw new Error(`${name} is defined twice, again in ${feature.name}`);
        this.commands.set(name, command);
      }
    }
  }

  /** @param name upper case with `+`. */
  find(name: string): Command | undefined {
    return this.commands.get(name);
  }

  /** Names in alphabetical order, as `AT+CLAC` lists them. */
  names(): readonly string[] {
    return [...this.commands.keys()].sort();
  }
}
