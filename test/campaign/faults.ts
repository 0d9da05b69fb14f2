/** Part "faults": mails through the whole library under random faults of module, line, network, server and host. */
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { add, emptyAccount, type Account } from "./fault/audit";
import { CHANGE_OF_MAILER, DEPLOYS } from "./fault/deploys";
import { runEpisode, type EpisodeReport } from "./fault/episode";
import { MISHAPS, NOISE } from "./fault/mishaps";
import { PostOffice } from "./fault/post-office";
import { isCounted, problemsOf, watchProcess } from "./fault/problems";
import { allCells, Reached } from "./fault/reached";
import { differenceOf, inWords } from "./fault/difference";
import { differenceBetweenRuns, play, smallest, smallestThatDiffers } from "./fault/replay";
import { reproduction, reproductionOfDifference, TEST_FOLDER } from "./fault/reproduction";
import { ALL, MAILS, type Chosen } from "./fault/schedule";
import { SOCKET_MISHAPS } from "./fault/socket-mishaps";
import { covered, equal, none, positionsOf, shown, type Figure, type Part, type PartOptions } from "./part";

/** Mails. */
const FULL = 10_000;
/** Every so many-th episode is run twice, and must have the same log; in a small run each. */
const TWICE_EVERY = 5;
const SMALL = 500;
/** Failed episodes that are made smaller; those behind them only name their seed and number. */
const SHRUNK = 3;
/** Episodes between two words about how far it is. */
const PROGRESS = 25;

export const faults: Part = {
  name: "faults",
  full: FULL,
  unit: "mails",
  isSliceable: true,
  async run(size, options) {
    const office = await PostOffice.open();
    const reached = new Reached();
    const sum: Sum = {
      account: emptyAccount(),
      complaints: [],
      struck: new Map(),
      reached,
      brokenOff: 0,
      runTwice: 0,
      toldOtherwise: 0,
      byNodes: 0,
    };
    const watch = watchProcess();
    const isFull = size >= FULL && options.only === undefined && options.minutes === undefined;
    const twiceEvery = size <= SMALL || options.only !== undefined ? 1 : TWICE_EVERY;
    let episodes = 0;
    let shrunk = 0;
    try {
      for (const number of positionsOf(Math.ceil(size / MAILS), options)) {
        options.at(number);
        const run = (story: string[]): Promise<EpisodeReport> =>
          runEpisode({
            seed: options.seed,
            number,
            office,
            reached,
            story,
          }).catch((error: unknown) => {
            // It counts as one that failed, and those behind it go on.
            sum.brokenOff++;
            return {
              account: emptyAccount(),
              complaints: [stackOf(error)],
              mishaps: new Map<string, number>(),
              had: ALL,
              kinds: [],
              isByNodes: false,
              hash: "",
              isRepeatable: true,
            };
          });
        const story: string[] = [];
        const report = await run(story);
        const escaped: string[] = [];
        if (report.isRepeatable && number % twiceEvery === 0) {
          const again: string[] = [];
          const { hash } = await run(again);
          sum.runTwice++;
          if (hash !== report.hash) {
            sum.toldOtherwise++;
            await tellOtherwise(options, number, story, again);
            escaped.push(...watch.take());
            if (shrunk++ < SHRUNK) await shrinkDifference(options, number, report);
            // What its attempts have left in the process is known.
            watch.take();
          }
        }
        if (options.only !== undefined) options.say(`faults: story ${report.hash}`);
        add(sum.account, report.account);
        if (report.isByNodes) sum.byNodes++;
        const wrong = [...problemsOf(report), ...escaped, ...watch.take()];
        sum.complaints.push(...wrong);
        for (const [name, count] of report.mishaps) sum.struck.set(name, (sum.struck.get(name) ?? 0) + count);
        if (++episodes % PROGRESS === 0)
          options.say(`faults: ${sum.account.mails} mails${sliceName(options)}`);
        if (wrong.length === 0) continue;
        await tell(options, number, wrong, story);
        if (shrunk++ < SHRUNK) await shrink(options, number, wrong, report);
        // What these attempts have left in the process is known.
        watch.take();
      }
    } finally {
      watch.end();
      await office.close();
    }
    return figures(sum, isFull);
  },
};

interface Sum {
  readonly account: Account;
  readonly complaints: string[];
  /** How often each kind of mishap has struck. */
  readonly struck: Map<string, number>;
  readonly reached: Reached;
  /** Episodes that were run twice, and of these those whose log differed the second time. */
  runTwice: number;
  toldOtherwise: number;
  /** Episodes whose messages came in through nodes. */
  byNodes: number;
  /** Episodes that came to no end. */
  brokenOff: number;
}

function sliceName({ slice: { index, of } }: PartOptions): string {
  return of === 1 ? "" : ` of slice ${index + 1}`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? String(error.stack) : String(error);
}

async function tell(
  { seed, say }: PartOptions,
  number: number,
  wrong: readonly string[],
  story: readonly string[],
): Promise<void> {
  const path = join(tmpdir(), `campaign-faults-${seed}-${number}.txt`);
  await writeFile(path, story.join("\n"));
  say(`faults: ${wrong.slice(0, 3).join("; ")}`);
  say(`  repeat: npm run campaign -- --part faults --seed ${seed} --only ${number}; what happened: ${path}`);
}

/** Makes a failed episode smaller and writes it as a test. */
async function shrink(
  options: PartOptions,
  number: number,
  problems: readonly string[],
  report: EpisodeReport,
): Promise<void> {
  const { seed, say, at } = options;
  const chosen = await smallest({ seed, number }, { ...report, problems }, { tried: () => at(number) });
  const last = await play({ seed, number, chosen }).catch((error: unknown) => ({
    problems: [stackOf(error)],
    kinds: [],
  }));
  if (last.problems.length === 0) {
    say(`faults: episode ${number} does not fail again`);
    return;
  }
  const code = reproduction({ seed, number, chosen, ...last });
  await tellTest(options, number, { claim: "fails", chosen, code });
}

/** Makes an episode smaller whose two runs differ, and writes it as a test. */
async function shrinkDifference(options: PartOptions, number: number, report: EpisodeReport): Promise<void> {
  const { seed, say, at } = options;
  const chosen = await smallestThatDiffers({ seed, number }, report, { tried: () => at(number) });
  const difference = await differenceBetweenRuns({ seed, number, chosen });
  if (difference === undefined) {
    say(`faults: episode ${number} does not differ again`);
    return;
  }
  say(`faults: episode ${number}, first difference: ${inWords(difference)}`);
  const { kinds } = await play({ seed, number, chosen }).catch(() => ({ kinds: [] }));
  const code = reproductionOfDifference({ seed, number, chosen, kinds, difference });
  await tellTest(options, number, { claim: "differs", chosen, code });
}

interface Test {
  readonly claim: "fails" | "differs";
  readonly chosen: Chosen;
  readonly code: string;
}

async function tellTest(
  { seed, say }: PartOptions,
  number: number,
  { claim, chosen: { mails, mishaps }, code }: Test,
): Promise<void> {
  const path = join(tmpdir(), `campaign-faults-${seed}-${number}-${claim}.test.ts`);
  await writeFile(path, code);
  say(`faults: episode ${number} still ${claim} with ${mails.length} mails and ${mishaps.length} mishaps;`);
  say(`  as a test, for ${TEST_FOLDER}: ${path}\n\n${code}`);
}

/** Two stories of one episode that should be one: names the first line in which they differ. */
async function tellOtherwise(
  { seed, say }: PartOptions,
  number: number,
  first: readonly string[],
  second: readonly string[],
): Promise<void> {
  const path = (run: number): string => join(tmpdir(), `campaign-faults-${seed}-${number}-run-${run}.txt`);
  await writeFile(path(1), first.join("\n"));
  await writeFile(path(2), second.join("\n"));
  const difference = differenceOf(first, second);
  const where = difference === undefined ? "" : `; ${inWords(difference)}`;
  say(`faults: episode ${number} has a different log the second time: ${path(1)} and ${path(2)}${where}`);
}

/** @param isFull all that has to be reached in a full run has to be */
function figures(
  { account: total, complaints, struck, brokenOff, ...sum }: Sum,
  isFull: boolean,
): readonly Figure[] {
  const mishaps = [...struck.values()].reduce((sum, count) => sum + count, 0);
  const kinds = (pattern: RegExp): number => complaints.filter((one) => pattern.test(one)).length;
  const deploys = [...DEPLOYS, CHANGE_OF_MAILER];
  const deployed = deploys.reduce((sum, { name }) => sum + (struck.get(name) ?? 0), 0);
  const cells = allCells([...MISHAPS, ...SOCKET_MISHAPS, ...NOISE, ...deploys].map(({ name }) => name));
  const others =
    complaints.length -
    kinds(/ was written while /) -
    kinds(/^the secret/) -
    kinds(/no known form/) -
    kinds(/^a node: /);
  return [
    shown("mails raised", total.mails),
    shown("mishaps", mishaps),
    shown("kinds of mishaps", struck.size, "most"),
    shown("accepted", total.accepted),
    shown("delivered", total.delivered),
    equal("delivered + reported as not delivered", total.delivered + total.toldNotDelivered, total.accepted),
    equal("accepted and reported", total.reported, total.accepted),
    none("reported twice by one process, or as another mail", total.toldAgain),
    shown("reported again after the process had ended", total.toldAfterCrash),
    none("lost", total.lost),
    none("falsely reported as sent", total.falselySent),
    none("falsely reported as not sent", total.falselyNotSent),
    none("duplicates without the mark", total.unmarkedRepeats),
    shown("duplicates with the mark", total.markedRepeats),
    none("repeated, but not marked in the result", total.unmarkedResults),
    shown(
      "taken by the server although the module named a refusal: repeats and wrong results",
      total.contradicted,
    ),
    none('duplicates under "at most once"', total.repeatedAtMostOnce),
    none("refused but delivered", total.deliveredThoughRefused),
    none("attachments altered", total.alteredAttachments),
    none("texts altered", total.alteredTexts),
    shown("texts corrupted by noise on a line without checksums", total.spoiltTexts),
    none("stuck: no result", total.stuck),
    none("stuck: ended after the maximum age", total.late),
    none("episodes aborted", brokenOff),
    shown("episodes with messages through nodes", sum.byNodes),
    shown("deploys in them", deployed),
    none("answered by a node otherwise than once, or with another message", kinds(/^a node: /)),
    shown("episodes run twice", sum.runTwice),
    none("of these, with a different log the second time", sum.toldOtherwise),
    covered("states of a mail in which each event occurred", {
      ...cells.events,
      reached: [...sum.reached.events],
      ...(!isFull && { required: [] }),
    }),
    covered("states of a mail in which each mishap occurred", {
      ...cells.mishaps,
      reached: [...sum.reached.mishaps],
      ...(!isFull && { required: [] }),
    }),
    none("second command in flight", kinds(/ was written while /)),
    none("command lines of no known form", kinds(/no known form/)),
    none("secrets seen", kinds(/^the secret/)),
    none("anything else", others - complaints.filter(isCounted).length),
  ];
}
