/** The help pages of all languages: well-formed, of the same structure, and complete for every field of the dialogs. */
import assert from "node:assert/strict";
import { dialogOf, nodeNames, readJson, readText } from "../../support/editor-files";
import { catalogNames, ENGLISH, readCatalog, textsOf, TRANSLATIONS } from "./languages";

const VOID_TAGS = new Set(["br", "hr", "img"]);

interface Page {
  /** Tags in their order, with attributes. */
  readonly tags: readonly string[];
  readonly text: string;
}

/** @throws AssertionError where a tag is not closed, or `<`, `>` or `&` stands alone. */
function parse(html: string): Page {
  const open: string[] = [];
  const tags: string[] = [];
  for (const [, tag = ""] of html.matchAll(/<([^>]*)>/g)) {
    const [, slash, name = ""] = /^(\/?)([a-z][a-z0-9]*)(?: [\w-]+="[^"<>]*")*$/.exec(tag) ?? [];
    assert.notEqual(name, "", `not a tag: <${tag}>`);
    if (slash === "/") assert.equal(name, open.pop(), `</${name}> closes another tag`);
    else if (!VOID_TAGS.has(name)) open.push(name);
    tags.push(tag);
  }
  assert.deepEqual(open, [], "not closed");
  const text = html.replace(/<[^>]*>/g, "");
  assert.doesNotMatch(text, /[<>]|&(?!\w+;)/);
  return { tags, text: text.replace(/\s+/g, " ") };
}

function helpOf(language: string, name: string): string {
  return readText(`nodes/locales/${language}/${name}.html`);
}

function contentsOf(html: string, tag: string): readonly string[] {
  return [...html.matchAll(new RegExp(`<${tag}\\b[^>]*>([\\s\\S]*?)</${tag}>`, "g"))].map(
    ([, content = ""]) => content.trim(),
  );
}

/** The visible names of the fields of a node's dialog. */
function fieldLabels(language: string, name: string): readonly string[] {
  const texts = new Map(textsOf(readJson(`nodes/locales/${language}/${name}.json`)));
  const dialog = dialogOf(name);
  const keys = [...dialog.matchAll(/<label\b[^>]*>[\s\S]*?<\/label>/g)].map(
    ([label]) => /data-i18n="(label\.\w+)"/.exec(label)?.[1] ?? "",
  );
  return [...new Set(keys)]
    .filter((key) => key !== "" && key !== "label.name" && key !== "label.caFile")
    .map((key) => texts.get(key) ?? assert.fail(key));
}

/** What a help may name: nodes, actions of a message, and every text that a dialog or the sidebar shows. */
function namesShown(language: string): ReadonlySet<string> {
  const texts = catalogNames().flatMap((file) => textsOf(readCatalog(language, file)));
  const actions = texts.map(([key]) => /^action\.(\w+)$/.exec(key)?.[1] ?? "");
  const nodes = nodeNames().map((node) => node.replace("quectel-", ""));
  return new Set([...texts.map(([, text]) => text), ...actions, ...nodes]);
}

for (const name of nodeNames()) {
  describe(`The help of ${name}`, () => {
    for (const language of [ENGLISH, ...TRANSLATIONS]) {
      it(`is well-formed in ${language} and has the sections of the style guide`, () => {
        const { tags, text } = parse(helpOf(language, name));
        assert.equal(tags[0], `script type="text/html" data-help-name="${name}"`);
        assert.equal(tags[1], "p");
        assert(text.trim().length > 300);
        if (language !== ENGLISH) return;
        const sections = contentsOf(helpOf(language, name), "h3");
        const known = ["Inputs", "Outputs", "Details", "References"];
        assert.deepEqual(
          sections,
          known.filter((section) => sections.includes(section)),
        );
        assert(sections.includes("Details"));
      });

      it(`explains in ${language} every field of the dialog by the name that the dialog shows`, () => {
        const terms = contentsOf(helpOf(language, name), "dt").flatMap((term) => [
          term,
          ...term.split(/, |、/),
        ]);
        const labels = fieldLabels(language, name);
        assert(labels.length > 0);
        for (const label of labels) assert(terms.includes(label), label);
      });
    }

    for (const language of [ENGLISH, ...TRANSLATIONS]) {
      it(`names in ${language}, in bold or in quotes, only what is on the screen`, () => {
        const shown = namesShown(language);
        const help = helpOf(language, name);
        const quoted = [...parse(help).text.matchAll(/„([^“]+)“|“([^”]+)”|「([^」]+)」/g)].map(
          ([, german, other, japanese]) => german ?? other ?? japanese ?? "",
        );
        // Bold words that end with a colon begin an entry of a list.
        const bold = contentsOf(help, "b").filter((words) => !/[:：]$/.test(words));
        for (const words of [...quoted, ...bold]) assert(shown.has(words), words);
      });

      it(`lists in ${language} the outputs by the labels of the ports`, () => {
        const [, list = ""] = /<ol class="node-ports">([\s\S]*?)\n<\/ol>/.exec(helpOf(language, name)) ?? [];
        const outputs = [...list.matchAll(/^ {2}<li>(.+)$/gm)].map(([, output = ""]) => output.toLowerCase());
        const ports = textsOf(readCatalog(language, `${name}.json`))
          .filter(([key]) => /^port\.(?!input$)/.test(key))
          .map(([, port]) => port.toLowerCase());
        assert.deepEqual(outputs, ports.length > 1 ? ports : []);
      });
    }

    for (const language of TRANSLATIONS) {
      it(`has in ${language} the sections, properties and names of the English one`, () => {
        const [english, translated] = [helpOf(ENGLISH, name), helpOf(language, name)];
        assert.deepEqual(parse(translated).tags.toSorted(), parse(english).tags.toSorted());
        const structure = (html: string): readonly string[] =>
          parse(html).tags.filter((tag) => /^\/?(h\d|dl|dt|dd|ol|ul|li|p)\b/.test(tag));
        assert.deepEqual(structure(translated), structure(english));
        const isTyped = (term: string): boolean => term.includes("property-type");
        assert.deepEqual(
          contentsOf(translated, "dt").filter(isTyped),
          contentsOf(english, "dt").filter(isTyped),
        );
        assert.deepEqual(contentsOf(translated, "code").toSorted(), contentsOf(english, "code").toSorted());
      });

      it(`leaves no paragraph in English in ${language}`, () => {
        for (const tag of ["dd", "p"]) {
          const english = contentsOf(helpOf(ENGLISH, name), tag);
          for (const content of contentsOf(helpOf(language, name), tag)) {
            const hasWords = /\p{L}/u.test(content.replace(/<code>[^<]*<\/code>/g, ""));
            if (hasWords) assert(!english.includes(content), content);
          }
        }
      });
    }
  });
}
