/** What every Japanese text keeps to, whatever it says: spacing, punctuation, spelling, and how labels and sentences end. */
import assert from "node:assert/strict";
import { catalogNames, helpBlocks, readCatalog, runtimeTexts, textsOf } from "./languages";

const LANGUAGE = "ja";
const JAPANESE = "[\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Han}ー]";
const LATIN = "[A-Za-z0-9_(]";

const catalogs = catalogNames()
  .flatMap((name) => textsOf(readCatalog(LANGUAGE, name), `${name} `))
  // Words that the filter of the palette searches.
  .filter(([key]) => !key.endsWith("palette.words"));
/** The help as the reader sees it. */
const help = helpBlocks(LANGUAGE).map(([name, html]): [string, string] => [
  name,
  html
    .replace(/<[^>]*>/g, "")
    .replace(/\s+/g, " ")
    .trim(),
]);

/**
 * How a text is not written, by the rule that it breaks, and an example that breaks it. Spelling is that of Node-RED's own
 * Japanese catalogs.
 */
const FAULTS: Readonly<Record<string, readonly [fault: RegExp, example: string]>> = {
  "no blank between Japanese and Latin, figures or a placeholder": [
    new RegExp(`${JAPANESE} +${LATIN}|[A-Za-z0-9_)] +${JAPANESE}`, "u"),
    "__time__ 前",
  ],
  "no blank between Japanese characters": [new RegExp(`${JAPANESE} +${JAPANESE}`, "u"), "優先度 高"],
  // Two blanks set a sample of letters apart.
  "no blank after Japanese punctuation": [/[、。「」？] (?! )/, "ポート、 ホスト"],
  "Japanese punctuation in Japanese": [new RegExp(`${JAPANESE}[,.?!;]`, "u"), "ポート, ホスト"],
  "half-width letters, figures, brackets and colons": [/[！-＞＠-｝]/, "ポート（４６５）"],
  "full-width kana": [/[｡-ﾟ]/, "ﾎﾟｰﾄ"],
  "quotation marks in pairs": [/^[^「]*」|「[^」]*(?:「|$)/, "「ポート"],
  "brackets in pairs": [/^[^(]*\)|\([^()]*$/, "ポート(465"],
  "a blank after a colon": [new RegExp(`${JAPANESE}:(?! |$)`, "u"), "ポート:465"],
  "a figure, a blank, a unit": [/\d(?:kB|MB|dBm|ms)\b/, "100MB"],
  "no long vowel mark where Node-RED has none": [
    /(?:サーバ|ユーザ|フォルダ|プロバイダ|パラメータ|コンピュータ|ヘッダ|エディタ|ブラウザ|アダプタ|メモリ)ー/,
    "サーバー",
  ],
  "ほか, すべて, ください, 分かる, できる": [
    /(?<!その)他[のに]|全て|下さい|[がはかも]わか[らりるっ]|出来[るまな]/,
    "他のメール",
  ],
  "a provider is a mail provider, an operator a network's": [
    /(?<!メール)プロバイダ|(?<!通信)事業者/,
    "事業者",
  ],
};

const POLITE = /(?:です|ます|ません|でした|ました|ください)か?$|^__message__$/;

describe("The Japanese texts", () => {
  let runtime: Awaited<ReturnType<typeof runtimeTexts>>;
  let all: readonly (readonly [key: string, text: string])[];

  before(async () => {
    runtime = await runtimeTexts(LANGUAGE);
    all = [...catalogs, ...help, ...textsOf(runtime, "runtime ")];
  });

  for (const [rule, [fault, example]] of Object.entries(FAULTS)) {
    it(`are written so: ${rule}`, () => {
      assert.match(example, fault);
      const found = all.filter(([, text]) => fault.test(text)).map(([key, text]) => `${key}: ${text}`);
      assert.deepEqual(found, []);
    });
  }

  it("are polite in each sentence", () => {
    const texts = [...catalogs, ...textsOf(runtime, "runtime ")];
    let sentences = 0;
    for (const [key, text] of texts) {
      // A list of steps has the plain form.
      for (const sentence of text.replace(/<ol>.*<\/ol>/, "").matchAll(/([^。]+)。/g)) {
        sentences++;
        const end = (sentence[1] ?? "").replace(/\([^()]*\)$/, "");
        assert.match(end, POLITE, `${key}: ${text}`);
      }
    }
    assert.ok(sentences > 300, `${sentences} sentences`);
    for (const [code, text] of Object.entries(runtime.errors)) {
      assert.match(text.replace(/\([^()]*\)$/, ""), POLITE, code);
    }
  });

  it("end in a noun in labels, statuses and names of outputs", () => {
    const short = catalogs.filter(([key]) => / (?:tab|step|stepStatus|port|action)\./.test(key));
    const statuses = textsOf(runtime.status, "status ");
    assert.ok(short.length > 50);
    for (const [key, text] of [...short, ...statuses])
      assert.doesNotMatch(text, /。|(?:ます|です|ません|ない|した|する|いる|ている)$/, `${key}: ${text}`);
  });
});
