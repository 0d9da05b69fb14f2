/** What a person sees in the editor, checked without a browser: definitions, texts, help, icons. */
import assert from "node:assert/strict";
import { connectionName } from "../../nodes/runtime/settings/connection-options";
import { OPTIONS_VERSION } from "../../nodes/runtime/settings/options";
import { readModemSettings } from "../../nodes/runtime/settings/modem-settings";
import { textsOf } from "./locales/languages";
import { editorNodes, filesIn, nodeNames, readJson, readText, resourcesOf } from "../support/editor-files";

const LANGUAGES = filesIn("nodes/locales");
const nodes = editorNodes();
const palette = nodes.filter(({ definition }) => definition.category !== "config");

function keysOf(catalog: object, prefix = ""): string[] {
  return Object.entries(catalog).flatMap(([key, value]) =>
    typeof value === "object" ? keysOf(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

describe("A node in the editor", () => {
  for (const { name, html, definition } of nodes) {
    describe(name, () => {
      it("has an input for each property and credential, and a label for each input that is shown", () => {
        const prefix = definition.category === "config" ? "node-config-input" : "node-input";
        const properties = Object.keys({ ...definition.defaults, ...definition.credentials });
        for (const property of properties.filter((key) => key !== "version")) {
          assert(html.includes(`id="${prefix}-${property}"`), property);
        }
        const inputs = [...html.matchAll(/<(?:input|select|textarea)\b[^>]*>/g)].map(([tag]) => tag);
        for (const tag of inputs.filter((tag) => !/type="hidden"|display: none/.test(tag))) {
          const id = /id="([^"]+)"/.exec(tag)?.[1] ?? "";
          assert(html.includes(`<label for="${id}"`), id);
        }
      });

      it("uses only texts that the catalog has, and the catalog holds no other", () => {
        const catalog = keysOf(readJson(`nodes/locales/en-US/${name}.json`));
        const used = [...html.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, list = ""]) =>
          list.split(";").map((entry) => entry.replace(/^\[\w[\w-]*\]/, "")),
        );
        for (const key of used) assert(catalog.includes(key), key);
        const shared = resourcesOf(readText("nodes/quectel-modem.html")).map(readText);
        const code = [html, ...shared].join("\n");
        for (const key of catalog) {
          const [group = "", leaf = ""] = key.split(".");
          const isUsed = code.includes(key) || code.includes(`${group}.\${`) || code.includes(`"${leaf}"`);
          assert(isUsed, `${key} is not used`);
        }
      });

      it("shows markup of a text as markup, and no other text as markup", () => {
        const shown = new Set(
          [...html.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, list]) => list?.split(";")),
        );
        for (const language of LANGUAGES) {
          const catalog = readJson(`nodes/locales/${language}/${name}.json`);
          const texts = textsOf(catalog).filter(([key]) => shown.has(key) || shown.has(`[html]${key}`));
          for (const [key, text] of texts) assert.equal(shown.has(`[html]${key}`), text.includes("<"), key);
        }
      });

      it("saves the version that the runtime reads", () => {
        assert.equal(definition.defaults["version"]?.value, OPTIONS_VERSION);
      });

      it("takes colours from the theme, so that light and dark both fit", () => {
        const styles = [...html.matchAll(/<style>([\s\S]*?)<\/style>|style="([^"]*)"/g)].join("\n");
        assert.doesNotMatch(styles, /#[0-9a-f]{3,8}\b|rgba?\(/i);
      });

      for (const language of LANGUAGES) {
        it(`has its texts and a complete help in ${language}`, () => {
          const own = keysOf(readJson(`nodes/locales/${language}/${name}.json`));
          assert.deepEqual(own, keysOf(readJson(`nodes/locales/en-US/${name}.json`)));
          const help = readText(`nodes/locales/${language}/${name}.html`);
          assert(help.includes(`data-help-name="${name}"`));
          const sections = [...help.matchAll(/<h3>/g)].length;
          assert.equal(sections, [...readText(`nodes/locales/en-US/${name}.html`).matchAll(/<h3>/g)].length);
          assert.match(help, /<h3>[\s\S]+<h3>|<h3>Details/);
        });
      }
    });
  }

  it("has an icon of its own, white on nothing, two to three", () => {
    for (const { name, definition } of palette) {
      assert.equal(definition.icon, `${name}.svg`);
      const svg = readText(`icons/${name}.svg`);
      assert.match(svg, /width="40" height="60"/);
      assert.deepEqual([...new Set(svg.match(/#[0-9a-f]{3,6}/gi))], ["#fff"]);
    }
  });

  it("has a short label in the palette, and labels at its ports", () => {
    for (const { name, definition } of palette) {
      assert.equal(definition.paletteLabel, name.replace("quectel-", ""));
      assert(definition.inputs === 0 || definition.inputLabels !== undefined);
      assert(definition.outputLabels !== undefined);
    }
  });

  it("is of a type that nobody else will have", () => {
    for (const name of nodeNames()) assert.match(name, /^quectel-/);
  });
});

describe("The defaults of the modem's dialog", () => {
  const modem = nodes.find(({ name }) => name === "quectel-modem");
  const defaults = Object.entries(modem?.definition.defaults ?? {});
  const saved = Object.fromEntries(defaults.map(([name, { value }]) => [name, value]));

  it("mean to the runtime what they say on the screen", () => {
    const chosen = {
      serialPort: "/dev/ttyUSB2",
      smtpHost: "mail.example.com",
      senderAddress: "a@example.com",
    };
    assert.deepEqual(
      readModemSettings({ ...saved, ...chosen }, {}),
      readModemSettings({ ...chosen, smtpPort: 465 }, {}),
    );
  });

  it("name a modem by no more of its connection than was filled in, as the runtime does", () => {
    const { label } = modem?.definition ?? {};
    assert(typeof label === "function");
    for (const [tcpHost, tcpPort, name] of [
      ["", "2217", ""],
      ["10.0.0.5", "", "10.0.0.5"],
      [undefined, undefined, ""],
      ["10.0.0.5", 2217, "10.0.0.5:2217"],
    ] as const) {
      const node = { ...saved, name: "", transport: "tcp", tcpHost, tcpPort };
      assert.equal(label.call(node), name || "quectel-modem");
      assert.equal(connectionName(node), name);
    }
  });

  it("complain about what a person has to fill in, and about nothing else", () => {
    const complaints = defaults.filter(([, { value, validate }]) => {
      return (
        validate !== undefined && validate.call({ ...saved, _def: modem?.definition }, value, {}) !== true
      );
    });
    assert.deepEqual(
      complaints.map(([name]) => name),
      ["serialPort", "smtpHost", "senderAddress"],
    );
  });
});

describe("The examples", () => {
  it("hold no setting at its default: the dialog shows it, and the runtime takes it for one that is missing", () => {
    const superfluous = filesIn("examples").flatMap((file) =>
      (readJson(`examples/${file}`) as (Readonly<Record<string, unknown>> & { type: string })[]).flatMap(
        (node) => {
          const defaults = nodes.find(({ name }) => name === node.type)?.definition.defaults ?? {};
          // The port belongs to the server beside it, and each node says by which version it was saved.
          const { name: _name, version: _version, smtpPort: _port, ...settings } = defaults;
          const isDefault = (name: string): boolean => node[name] === settings[name]?.value;
          return Object.keys(settings)
            .filter((name) => {
              if (name.endsWith("Type")) return isDefault(name) && isDefault(name.slice(0, -"Type".length));
              return isDefault(name) && (settings[`${name}Type`] === undefined || isDefault(`${name}Type`));
            })
            .map((name) => `${file}: ${node.type}.${name}`);
        },
      ),
    );
    assert.deepEqual(superfluous, []);
  });
});

describe("A validator of a property", () => {
  it("takes value and options, because of others the editor takes a sentence for consent", () => {
    const validators = nodes.flatMap(({ name, definition }) =>
      Object.entries(definition.defaults).flatMap(([property, { validate }]) =>
        validate === undefined ? [] : [{ property: `${name}.${property}`, takes: validate.length }],
      ),
    );
    assert(validators.length > 0);
    for (const { property, takes } of validators) assert.equal(takes, 2, property);
  });
});

describe("A text in several lines", () => {
  it("breaks between words, which the editor's own style for pre does not", () => {
    const pages = filesIn("nodes").filter((file) => file.endsWith(".html"));
    const rules = pages.flatMap((file) => [
      ...readText(`nodes/${file}`).matchAll(/[^{}\n]*\bpre\b[^{}\n]*\{[^}]*white-space: pre-wrap[^}]*\}/g),
    ]);
    assert.ok(rules.length >= 3);
    for (const [rule] of rules) assert.match(rule, /word-break: normal/);
  });
});
