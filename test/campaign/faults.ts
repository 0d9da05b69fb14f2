/** Part "faults": mails through the whole library under random faults of module, line, network, server and host. */
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { add, emptyAccount, type Account } from "./fault/audit";
import { runEpisode, type EpisodeReport } from "./fault/episode";
import { PostOffice } from "./fault/post-office";
import { MISHAPS, NOISE } from "./fault/mishaps";
import { SOCKET_MISHAPS } from "./fault/socket-mishaps";
import { allCells, Reached } from "./fault/reached";
import { covered, equal, none, positionsOf, shown, type Figure, type Part, type PartOptions } from "./part";

const MAILS = 20;
/** Every so many-th episode is run twice, and has to tell the same story. */
const TWICE_EVERY = 5;
/** Episodes between two words about how far it is. */
const PROGRESS = 25;

/** What makes an episode a failed one. */
const MUST_BE_NONE = [
  "lost",
  "falselySent",
  "falselyNotSent",
  "unmarkedRepeats",
  "repeatedAtMostOnce",
  "deliveredThoughRefused",
  "alteredAttachments",
  "alteredTexts",
  "toldAgain",
  "unmarkedResults",
  "stuck",
  "late",
] as const satisfies (keyof Account)[];

export const faults: Part = {
  name: "faults",
  full: 10_000,
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
    };
    const watch = watchProcess();
    let episodes = 0;
    try {
      for (const number of positionsOf(Math.ceil(size / MAILS), options)) {
        options.at(number);
        const run = (story: string[]): Promise<EpisodeReport> =>
          runEpisode({
            seed: options.seed,
            number,
            mails: MAILS,
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
              had: { mails: [], mishaps: [] },
              kinds: [],
              hash: "",
              isRepeatable: true,
            };
          });
        const story: string[] = [];
        const report = await run(story);
        if (report.isRepeatable && (number % TWICE_EVERY === 0 || options.only !== undefined)) {
          const again: string[] = [];
          const { hash } = await run(again);
          sum.runTwice++;
          if (hash !== report.hash) {
            sum.toldOtherwise++;
            await tellOtherwise(options, number, story, again);
          }
        }
        if (options.only !== undefined) options.say(`faults: story ${report.hash}`);
        add(sum.account, report.account);
        const wrong = [...problemsOf(report), ...watch.take()];
        sum.complaints.push(...wrong);
        for (const [name, count] of report.mishaps) sum.struck.set(name, (sum.struck.get(name) ?? 0) + count);
        if (++episodes % PROGRESS === 0)
          options.say(`faults: ${sum.account.mails} mails${sliceName(options)}`);
        if (wrong.length > 0) await tell(options, number, wrong, story);
      }
    } finally {
      watch.end();
      await office.close();
    }
    return figures(sum);
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
  /** Episodes that came to no end. */
  brokenOff: number;
}

function sliceName({ slice: { index, of } }: PartOptions): string {
  return of === 1 ? "" : ` of slice ${index + 1}`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? String(error.stack) : String(error);
}

function problemsOf({ account, complaints }: EpisodeReport): readonly string[] {
  const counted = MUST_BE_NONE.flatMap((name) => (account[name] > 0 ? [`${name}: ${account[name]}`] : []));
  return [...counted, ...complaints];
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

/** Two stories of one episode that should be one: names the first line in which they differ. */
async function tellOtherwise(
  { seed, say }: PartOptions,
  number: number,
  ...stories: readonly (readonly string[])[]
): Promise<void> {
  const paths = stories.map((_story, index) =>
    join(tmpdir(), `campaign-faults-${seed}-${number}-run-${index + 1}.txt`),
  );
  for (const [index, path] of paths.entries()) await writeFile(path, (stories[index] ?? []).join("\n"));
  say(`faults: episode ${number} has a different log the second time: ${paths.join(" and ")}`);
}

/** Collects what nobody has caught, and defects of the simulator. */
export function watchProcess(): { take: () => string[]; end: () => void } {
  let caught: string[] = [];
  const onRejection = (reason: unknown): void => void caught.push(`unhandled rejection: ${String(reason)}`);
  const onWarning = ({ name, message }: Error): void => {
    if (name === "SimulatorDefect" || name.startsWith("MaxListeners")) caught.push(`${name}: ${message}`);
  };
  process.on("unhandledRejection", onRejection);
  process.on("warning", onWarning);
  return {
    take: () => caught.splice(0),
    end: () => {
      process.off("unhandledRejection", onRejection);
      process.off("warning", onWarning);
      caught = [];
    },
  };
}

function figures({ account: total, complaints, struck, brokenOff, ...sum }: Sum): readonly Figure[] {
  const mishaps = [...struck.values()].reduce((sum, count) => sum + count, 0);
  const kinds = (pattern: RegExp): number => complaints.filter((one) => pattern.test(one)).length;
  const cells = allCells([...MISHAPS, ...SOCKET_MISHAPS, ...NOISE].map(({ name }) => name));
  const others =
    complaints.length - kinds(/ was written while /) - kinds(/^the secret/) - kinds(/no known form/);
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
    shown("episodes run twice", sum.runTwice),
    none("of these, with a different log the second time", sum.toldOtherwise),
    covered("states of a mail in which each event occurred", {
      reached: [...sum.reached.events],
      all: cells.events,
    }),
    covered("states of a mail in which each mishap occurred", {
      reached: [...sum.reached.mishaps],
      all: cells.mishaps,
    }),
    none("second command in flight", kinds(/ was written while /)),
    none("command lines of no known form", kinds(/no known form/)),
    none("secrets seen", kinds(/^the secret/)),
    none("anything else", others - countedOnly(complaints)),
  ];
}

/** Complaints that only repeat a figure of the account. */
function countedOnly(complaints: readonly string[]): number {
  return complaints.filter((one) => MUST_BE_NONE.some((name) => one.startsWith(`${name}: `))).length;
}
