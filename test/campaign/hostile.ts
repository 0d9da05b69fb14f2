/** Part "hostile": nonsense and malice in messages, settings, answers of the module, spool files, paths and endpoints. */
import { setImmediate as turn } from "node:timers/promises";
import { Dice, mixed } from "./fault/dice";
import { watchProcess } from "./fault/problems";
import { tryAnswers } from "./hostile/answers";
import { EndpointsAttack } from "./hostile/endpoints";
import { FilesAttack } from "./hostile/files";
import { Findings } from "./hostile/findings";
import { Dialogues, tryMessage } from "./hostile/messages";
import { NodesAttack } from "./hostile/nodes";
import { attackRuntime, VERSIONS, type RuntimeCount } from "./hostile/runtime";
import { trySettings } from "./hostile/settings";
import { soundSpool, trySpool } from "./hostile/spool-files";
import { none, positionsOf, shown, type Part } from "./part";

/** Messages from one whole dialogue, and from one try of the other kinds, to the next. */
const DIALOGUE_EVERY = 200;
const EVERY = { settings: 100, answers: 1_000, spool: 100, paths: 100, endpoints: 100, nodes: 500 } as const;
/** Messages into each version of Node-RED, for each million. */
const RUNTIME = 1_500;
const FEWEST_RUNTIME = 60;
/** Milliseconds of processor time that reading and composing one message may take. */
const MESSAGE_TIME = 1_000;
/** Messages read while file and link are swapped, for each million. */
const RACE = 20_000;

export const hostile: Part = {
  name: "hostile",
  full: 1_000_000,
  unit: "messages",
  isSliceable: true,
  async run(size, options) {
    const { seed, only, say, at, slice } = options;
    const found = new Findings((line) =>
      say(`${line}\n  repeat: npm run campaign -- --part hostile --seed ${seed} --only POSITION`),
    );
    const watch = watchProcess();
    const dialogues = new Dialogues(found);
    const files = await FilesAttack.prepare();
    const endpoints = new EndpointsAttack();
    const nodes = new NodesAttack(endpoints.bench);
    const sound = await soundSpool();
    await endpoints.begin();
    const runtimes = Array.from({ length: VERSIONS }, (_one, version) => version)
      .filter((version) => only === undefined && version % slice.of === slice.index)
      .map((version) => {
        const messages = Math.max(FEWEST_RUNTIME, Math.round((RUNTIME * size) / 1_000_000));
        return attackRuntime({ version, count: messages }, found, () => at(0));
      });
    const count = {
      messages: 0,
      accepted: 0,
      dialogues: 0,
      settings: 0,
      answers: 0,
      spool: 0,
      paths: 0,
      endpoints: 0,
      nodes: 0,
    };
    let tried = 0;
    for (const position of positionsOf(size, options)) {
      const where = String(position);
      // Each kind has a chance of its own, so that the others can be left out when a position is repeated.
      const dice = (kind: number): Dice => new Dice(mixed(mixed(seed, position), kind));
      count.messages++;
      const began = process.cpuUsage();
      const transactions = await tryMessage(dice(0), found, where);
      const { user, system } = process.cpuUsage(began);
      if ((user + system) / 1000 > MESSAGE_TIME) found.add("slow", where, `${(user + system) / 1000} ms`);
      const [transaction] = transactions;
      if (transaction !== undefined) count.accepted++;
      if (transaction !== undefined && isDue(position, DIALOGUE_EVERY, only)) {
        count.dialogues++;
        await dialogues.send(transaction, where);
      }
      const kinds = {
        settings: () => trySettings(dice(1), found, where),
        answers: () => tryAnswers(dice(2), found, where),
        spool: () => trySpool(sound, dice(3), found, where),
        paths: () => files.tryPath(dice(4), found, where),
        endpoints: () => endpoints.ask(dice(5), found, where),
        nodes: () => nodes.tryOne(dice(6), found, where),
      } as const;
      for (const kind of ["settings", "answers", "spool", "paths", "endpoints", "nodes"] as const) {
        if (!isDue(position, EVERY[kind], only)) continue;
        count[kind]++;
        await kinds[kind]();
        for (const escaped of watch.take()) found.add("escaped", `${where} (${kind})`, escaped);
      }
      if (++tried % 1_000 === 0) {
        at(position);
        await turn();
        for (const escaped of watch.take()) found.add("escaped", where, escaped);
      }
    }
    const attacked = await Promise.all(runtimes);
    const race = Math.ceil((RACE * size) / 1_000_000 / slice.of);
    await files.race(race, found, "race");
    await dialogues.close();
    await files.end();
    await endpoints.end();
    watch.end();
    return [
      shown("messages", count.messages),
      shown("of them made into mails", count.accepted),
      shown("dialogues with a module", count.dialogues),
      shown("settings", count.settings),
      shown("modules that talk nonsense", count.answers),
      shown("spoiled spools", count.spool),
      shown("paths", count.paths),
      shown("reads of a path while it was swapped", race),
      shown("questions to endpoints", count.endpoints),
      shown("messages into nodes of a running flow", count.nodes),
      shown("messages into whole Node-REDs", total(attacked, "messages")),
      shown("of them delivered as mail", total(attacked, "mails")),
      shown("of them told after a restart", total(attacked, "recovered")),
      none("command lines of no known form, or too many", found.commandLines),
      none("headers or recipients injected", found.injectedHeaders),
      none("exceptions escaped", found.escaped),
      none("paths outside the spool", found.pathsOutside),
      none("files read outside the allowed folders", found.filesOutside),
      none("stuck", found.stuck),
      none("secrets in answers", found.secrets),
      none("Node-REDs that ended", found.ended),
      none("reported twice, or not on each wire", found.twice),
      none("messages over their time", found.slow),
    ];
  },
};

function total(counts: readonly RuntimeCount[], name: keyof RuntimeCount): number {
  return counts.reduce((sum, one) => sum + one[name], 0);
}

function isDue(position: number, every: number, only: number | undefined): boolean {
  return only !== undefined || position % every === every - 1;
}
