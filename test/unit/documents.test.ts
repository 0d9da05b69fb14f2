/** The pages for people: tables made from the code, links that lead somewhere, codes that exist. Needs `npm run build`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ERROR_TABLE } from "../../lib/errors";

const ROOT = resolve(__dirname, "../..");
const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name.replaceAll("\\", "/")}`),
];

const read = (page: string): string => readFileSync(join(ROOT, page), "utf8");

/** As the code host makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .replaceAll(/[*`]/g, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- ]/gu, "")
    .replaceAll(" ", "-");
}

/** True where the text of a test file has a test of that name. */
function holdsTest(text: string, name: string): boolean {
  return [`it("${name}"`, `it(\`${name}\``].some((begin) => text.includes(begin));
}

describe("The pages for people", () => {
  it("show the tables as the code has them", () => {
    const run = spawnSync(process.execPath, [resolve(ROOT, "scripts/tables.mjs"), "--check"], {
      encoding: "utf8",
    });
    assert.equal(run.status, 0, run.stderr);
  });

  it("link to files and headings that are there", () => {
    const dead = PAGES.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
        if (/^[a-z]+:/.test(link)) return [];
        const [file = "", anchor] = link.split("#");
        const target = file === "" ? page : join(dirname(page), file);
        if (!existsSync(join(ROOT, target))) return [`${page}: ${link}`];
        const anchors = () =>
          [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));
        return anchor === undefined || anchors().includes(anchor) ? [] : [`${page}: ${link}`];
      }),
    );
    assert.deepEqual(dead, []);
  });

  it("have a test for each promise of security, which is there", () => {
    const page = read("SECURITY.md");
    const promised = /\| about \| promise \|([\s\S]*?)\n\n/.exec(page)?.[1] ?? "";
    const topics = [...promised.matchAll(/^\| ([A-Z][^|]*?) \|/gm)].map(([, topic]) => topic);
    const shown = [...page.matchAll(/^\| ([^|]+) \| ([^|]+) \| \[(test\/[^\]]+)\]/gm)];
    assert(topics.length >= 7);
    const inTests = new Set(shown.map(([, topic]) => topic));
    assert.deepEqual(
      topics.filter((topic) => !inTests.has(topic)),
      [],
    );
    const missing = shown.filter(([, , name = "", file = ""]) => !holdsTest(read(file), name));
    assert.deepEqual(
      missing.map(([row]) => row),
      [],
    );
  });

  it("name only error codes that exist", () => {
    const families = /`((?:INVALID|LIMIT|PORT|MODEM|SIM|NETWORK|PDP|FILE|SMTP|SOCKET|OUTBOX)_[A-Z_]+)`/g;
    const unknown = PAGES.filter((page) => page !== "CHANGELOG.md").flatMap((page) =>
      [...read(page).matchAll(families)]
        .map(([, code = ""]) => code)
        .filter((code) => !(code in ERROR_TABLE))
        .map((code) => `${page}: ${code}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("name every property of a message that smtp-send reads, in README and help", () => {
    const source = read("lib/mail/message/message.ts");
    const names = new Set([...source.matchAll(/msg\["(\w+)"\]/g)].map(([, name = ""]) => name));
    assert.ok(names.has("replaces") && names.size >= 12, [...names].join());
    const table = read("README.md").split("| smtp-send reads |")[1]?.split("\n\n")[0] ?? "";
    const help = read("nodes/locales/en-US/quectel-smtp-send.html");
    for (const name of names) {
      assert.ok(table.includes(`\`${name}\``), `README.md: ${name}`);
      assert.match(help, new RegExp(`\\b${name}\\b`), `help: ${name}`);
    }
  });

  it("say in which folder npx finds a program of this package, which elsewhere asks the registry for a stranger's", () => {
    const bare = PAGES.flatMap((page) =>
      [...read(page).matchAll(/npx quectel-[\w-]+/g)]
        .filter(({ index, input }) => !input.slice(Math.max(0, index - 200), index).includes("~/.node-red"))
        .map(([command]) => `${page}: ${command}`),
    );
    assert.deepEqual(bare, []);
  });

  it("begin with a README of at most 2,500 words", () => {
    const words = read("README.md")
      .split(/\s+/)
      .filter((word) => /[\p{L}\p{N}]/u.test(word));
    assert.ok(words.length <= 2_500, `${words.length} words`);
  });
});
