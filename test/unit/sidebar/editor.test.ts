/** The sidebar's part in the editor, checked without a browser: texts, colours, the runs of the chart. */
import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { runsOf } from "../../../editor/sidebar/signal-runs";
import { ACTIONS } from "../../../nodes/runtime/sidebar/actions";
import { filesIn, readJson, readText, resourcesOf } from "../../support/editor-files";

const html = readText("nodes/quectel-modem-sidebar.html");
const code = filesIn("editor/sidebar")
  .map((file) => readText(`editor/sidebar/${file}`))
  .join("\n");

function keysOf(catalog: object, prefix = ""): string[] {
  return Object.entries(catalog).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "object" && value !== null ? keysOf(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}
const catalog = keysOf(readJson("nodes/locales/en-US/quectel-modem-sidebar.json"));

describe("The tab Modem in the editor", () => {
  it("registers its plugin with the one script that it loads", () => {
    const [script = "", ...others] = resourcesOf(html);
    assert.deepEqual([script, others], ["resources/sidebar.js", []]);
    const registered: string[] = [];
    const plugins = { registerPlugin: (id: string) => registered.push(id) };
    runInNewContext(readText(script), { RED: { plugins } });
    assert.deepEqual(registered, ["quectel-modem-sidebar"]);
  });

  it("uses only texts that its catalog has, and the catalog holds no other", () => {
    const used = [...code.matchAll(/\btext\(\s*"([\w.]+)"/g)].map(([, key]) => key ?? "");
    for (const key of used) assert(catalog.includes(key), key);
    for (const key of catalog) {
      const group = key.slice(0, key.indexOf("."));
      const isChosenAtRunTime = code.includes(`\`${group}.\${`);
      assert(code.includes(`"${key}"`) || isChosenAtRunTime, `${key} is not used`);
    }
  });

  it("has a word for every action, every state of a mail, every hold and every problem", () => {
    const wanted = [
      ...ACTIONS.map((action) => `action.${action}`),
      ...["waiting", "sending", "failed", "sent", "partial", "queued", "high", "low"].map(
        (one) => `mail.${one}`,
      ),
      ...["setup", "pdp", "paused"].map((kind) => `hold.${kind}`),
      ...["notDeployed", "disabled", "inSubflow"].map((problem) => `problem.${problem}`),
    ];
    for (const key of wanted) assert(catalog.includes(key), key);
  });

  it("takes colours from the theme, so that light and dark both fit", () => {
    assert.doesNotMatch(html + code, /#[0-9a-f]{3,8}\b(?!")|rgba?\(/i);
  });

  it("makes no HTML of anything, so that nothing in a mail is interpreted", () => {
    assert.doesNotMatch(code, /innerHTML|outerHTML|insertAdjacentHTML|\.html\(|document\.write/);
  });
});

describe("The chart of the signal", () => {
  const MINUTE = 60_000;

  it("breaks its line where the modem did not answer, and where samples are missing", () => {
    const samples = [
      { ageMs: 20 * MINUTE, rssiDbm: -71 },
      { ageMs: 19 * MINUTE, rssiDbm: -73 },
      { ageMs: 18 * MINUTE },
      { ageMs: 17 * MINUTE, rssiDbm: -75 },
      { ageMs: 5 * MINUTE, rssiDbm: -77 },
      { ageMs: 4 * MINUTE, rssiDbm: -79 },
    ];
    const runs = runsOf(samples);
    assert.deepEqual(
      runs.map((run) => run.map(({ rssiDbm }) => rssiDbm).join(" ")),
      ["-71 -73", "-75", "-77 -79"],
    );
  });

  it("is empty without samples", () => {
    assert.deepEqual(runsOf([]), []);
  });
});
