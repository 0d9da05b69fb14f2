/** A constant, property or parameter that is a duration ends in its unit, so that no caller takes seconds for milliseconds. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "../../..");
const FOLDERS = ["lib", "nodes", "editor"];

const HAS_UNIT = /(?:_MS|Ms|^ms|SECONDS|[sS]econds|MINUTES|[mM]inutes|HOURS|DAYS)$/;
/** `const NAME = value;` with the comment before it. Values that are no numbers, or tables of several lines, are no duration. */
const CONSTANT =
  /(\/\*\*(?:(?!\*\/)[^])*\*\/\n)?[ \t]*(?:export )?const (\w+)(?:: [^=\n]+)? = ([^;\n]*\d[^;\n]*);/g;
const NUMBERS =
  /^(?:[\d_.]+|\w+ \* [\w.]+|[\d_.]+ \* [\w. *]+|\[[\d_, ]+\](?: as const)?|\{(?: \w+: [\d_]+,?)+ \}(?: as const)?)$/;
/** A comment that begins with a unit, or that says "in ms" or "…, ms." of what follows. */
const SAYS_UNIT =
  /^\/\*\*\s*(?:\*\s*)?(?:Milliseconds|Seconds|Minutes)\b|\bin (?:ms|milliseconds|seconds)\b|, ms[.,]/;
const TIME_WORD =
  /(?:time|timeout|pause|grace|interval|delay|patience|every|wait|linger|silence|minute|hour|day|deadline)s?$/i;
/** What waits, up to the argument that says how long; constants in that argument are durations. */
const WAITS =
  /\b(?:after|setTimeout|setInterval|delay|within|limited|limit)\(\s*(?:[\w.]*[cC]lock,\s*)?([^,()]+)/g;

/** A property or parameter that is a number. */
const MEMBER = /(?:readonly |[({,;\n]\s*)(\w+)\??: number\b/g;
const DURATION_WORD = /(?:timeout|pause|grace|delay|patience|linger|silence|wait|deadline)s?$/i;
/** In seconds, named by the contract of the config node. */
const SETTINGS: readonly string[] = ["sendTimeout"];

/** Names of properties and parameters in `text` that are durations and do not say in which unit. */
function membersWithoutUnit(text: string): readonly string[] {
  return [...text.matchAll(MEMBER)]
    .map(([, name = ""]) => name)
    .filter((name) => DURATION_WORD.test(name) && !SETTINGS.includes(name));
}

/** Names of constants in `text` that are durations and do not say in which unit. */
function withoutUnit(text: string): readonly string[] {
  const constants = [...text.matchAll(CONSTANT)].filter(([, , , value = ""]) => NUMBERS.test(value));
  const waits = [...text.matchAll(WAITS)].flatMap(([, wait = ""]) => wait.match(/\w+/g) ?? []);
  return constants
    .filter(
      ([, comment = "", name = ""]) =>
        SAYS_UNIT.test(comment) || TIME_WORD.test(name) || waits.includes(name),
    )
    .map(([, , name = ""]) => name)
    .filter((name) => !HAS_UNIT.test(name) && !/_PER_/.test(name));
}

/** What `find` finds in the source, with the file. */
function inSource(find: (text: string) => readonly string[]): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) =>
        find(readFileSync(join(ROOT, folder, file), "utf8")).map((name) => `${folder}/${file}: ${name}`),
      ),
  );
}

describe("Properties and parameters that are durations", () => {
  it("end in their unit", () => {
    assert.deepEqual(inSource(membersWithoutUnit), []);
  });

  it("are found without it, and with it are not", () => {
    const source =
      "interface A {\n  readonly timeout: number;\n  pauseMs: number;\n}\nf(line: string, delay?: number)";
    assert.deepEqual(membersWithoutUnit(source), ["timeout", "delay"]);
  });
});

describe("Constants that are durations", () => {
  it("end in their unit", () => {
    assert.deepEqual(inSource(withoutUnit), []);
  });

  const examples: readonly (readonly [source: string, found: readonly string[]])[] = [
    ["/** Milliseconds until the module answers. */\nconst ANSWER = 300;", ["ANSWER"]],
    ["/**\n * Seconds that a person waits.\n */\nexport const LONGEST: number = 90;", ["LONGEST"]],
    ["const RESULT_TIME = 5_000;", ["RESULT_TIME"]],
    ["const startDelay = 2 * MINUTE_MS;", ["startDelay"]],
    ["const PAUSE = { first: 50, longest: 2_000 } as const;", ["PAUSE"]],
    ["const LOOK = 90_000;\nclock.after(LOOK, fire);", ["LOOK"]],
    ["const LOOK = 90_000;\nawait delay(modem.clock, LOOK * tries, signal);", ["LOOK"]],
    ["const LOOK_MS = 90_000;\nclock.after(LOOK_MS, fire);", []],
    ["/** Seconds. */\nconst CLOSE_SECONDS = 1;\n/** Bytes. */\nconst PIECE = 4096;", []],
    ["/** Attempts. */\nconst MOST = 3;\nconst now = clock.now();", []],
  ];
  for (const [source, found] of examples) {
    it(`${found.length > 0 ? "without unit are" : "with unit are not"} found in ${JSON.stringify(source)}`, () => {
      assert.deepEqual(withoutUnit(source), found);
    });
  }
});
