/**
 * How Chinese texts are set: full-width punctuation, one space between Chinese characters and Latin letters or digits, no
 * other space, and one form of quotation marks. Placeholders are filled in first, because a duration ends in a Chinese unit.
 */
import assert from "node:assert/strict";
import { catalogNames, helpBlocks, readCatalog, runtimeTexts, textsOf } from "./languages";

const LANGUAGE = "zh-CN";

/** What is wrong in a text, by its name. */
const FAULTS: Readonly<Record<string, RegExp>> = {
  "half-width punctuation": /\p{sc=Han}[,;:!?()]|[,;!?()]\p{sc=Han}/u,
  "no space between Chinese and Latin": /\p{sc=Han}[\p{sc=Latin}\d]|[\p{sc=Latin}\d%]\p{sc=Han}/u,
  "a space between Chinese characters":
    /[\p{sc=Han}，。；：、？！（）“”…] +[\p{sc=Han}，。；：、？！（）“”…]/u,
  "a space beside full-width punctuation": / [，。；：、？！（）…]|[，。；：、？！（）] (?!·)/u,
  "full-width letters or digits": /[！-～]/u,
  "other quotation marks": /["'「」『』‘’]/u,
  "quotation marks that do not match": /”[^“]*”|“[^”]*“|^[^“]*”|“[^”]*$/u,
  "a familiar form of address": /你/u,
  "two marks in a row": /[，。；：、？！]{2}/u,
};

/** Full-width forms that are punctuation and allowed. */
const FULL_WIDTH = /[，；：？！（）]/gu;

/** Two spaces before the letters whose display is in question. */
const APART = /？ {2}X1$/u;

function fault(text: string): string | undefined {
  return Object.keys(FAULTS).find((name) =>
    FAULTS[name]?.test(name.startsWith("full-width") ? text.replace(FULL_WIDTH, "") : text),
  );
}

/** A text as a person sees it. */
function filledIn(text: string): string {
  return text
    .replaceAll(/__time__/g, "5 分钟")
    .replaceAll(/__technology__/g, " · LTE")
    .replaceAll(/__\w+__/g, "X1")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll('&lt;img src="cid:chart"&gt;', "X1")
    .replaceAll(/\s+/g, (space) => (space.includes("\n") ? " " : space))
    .replace(APART, "？")
    .trim();
}

async function textsIn(): Promise<readonly (readonly [string, string])[]> {
  const catalogs = catalogNames().flatMap((name) => textsOf(readCatalog(LANGUAGE, name), `${name} `));
  return [...catalogs, ...helpBlocks(LANGUAGE), ...textsOf(await runtimeTexts(LANGUAGE), "runtime ")];
}

describe("Chinese texts", () => {
  it("are set as Chinese software sets them", async () => {
    const texts = await textsIn();
    assert.ok(texts.length > 800, `${texts.length} texts`);
    const found = texts.flatMap(([key, text]) => {
      // Words that the palette is searched by.
      if (key.endsWith("palette.words")) return [];
      const shown = filledIn(text);
      const name = fault(shown);
      return name === undefined ? [] : [`${key}: ${name}: ${shown}`];
    });
    assert.deepEqual(found, []);
  });

  it("are searched for every fault", () => {
    const examples: Readonly<Record<string, string>> = {
      "half-width punctuation": "请等待, 然后重试。",
      "no space between Chinese and Latin": "没有SIM 卡",
      "a space between Chinese characters": filledIn("__time__ 后重试"),
      "a space beside full-width punctuation": "模组 LTE ，网络",
      "full-width letters or digits": "端口 ４６５",
      "other quotation marks": '请填写"端口"。',
      "quotation marks that do not match": "请填写“端口“。",
      "a familiar form of address": "你无权查看模组。",
      "two marks in a row": "已取消。。",
    };
    assert.deepEqual(Object.keys(examples), Object.keys(FAULTS));
    for (const [name, text] of Object.entries(examples)) assert.equal(fault(text), name);
  });
});
