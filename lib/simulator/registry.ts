/** All commands of the simulated modem by name, made of the tables of the features. */
import type { Command, Feature } from "./handler";

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
