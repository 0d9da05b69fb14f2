/** Whoever reads that a setting cannot be used finds its field: by label and tab, in the language of the dialog. */
import assert from "node:assert/strict";
import { withShownField } from "../../editor/shared/field-name";
import { isModemError, type ModemError } from "../../lib/errors";
import { fieldName, MODEM_FIELDS, NODE_FIELDS } from "../../nodes/runtime/settings/field-names";
import { MODEM_PROPERTIES } from "../../nodes/runtime/settings/modem-properties";
import { readModemSettings } from "../../nodes/runtime/settings/modem-settings";
import { OptionReader } from "../../nodes/runtime/settings/options";
import { editorNodes, readText } from "../support/editor-files";
import { ENGLISH, readCatalog, TRANSLATIONS } from "./locales/languages";

type Catalog = Readonly<Record<string, Readonly<Record<string, string>>>>;
const catalogOf = (language: string, name = "quectel-modem"): Catalog =>
  readCatalog(language, `${name}.json`) as Catalog;

/** Where the dialog has the field of a property: the keys of its label and its tab. */
function placeOf(property: string): { readonly label: string; readonly tab: string } {
  const html = readText("nodes/quectel-modem.html");
  const id = property === "tlsVerify" ? "quectel-check" : `node-config-input-${property}`;
  const label = new RegExp(`<label for="${id}"[^]*?data-i18n="label\\.(\\w+)"`).exec(html);
  const tabs = [...html.slice(0, label?.index ?? 0).matchAll(/id="quectel-tab-(\w+)"/g)];
  return { label: label?.[1] ?? "", tab: tabs.at(-1)?.[1] ?? "" };
}

/** Settings that can be used. */
const GOOD = {
  transport: "serial",
  serialPort: "/dev/ttyUSB2",
  tcpHost: "gateway.example.com",
  tcpPort: 2217,
  smtpHost: "smtp.example.com",
  smtpPort: 465,
  senderAddress: "pump7@example.com",
};

const BY_TOKEN = { login: "oauth2", mailer: "socket", clientId: "a", tokenUrl: "https://login.example.com" };
/** Without which others a property is not read. */
const NEEDS: Readonly<Record<string, object>> = {
  tlsCa: { tlsRoot: "pem" },
  tenant: { login: "microsoft", mailer: "socket" },
  clientId: BY_TOKEN,
  tokenUrl: BY_TOKEN,
  scope: BY_TOKEN,
};

function refusal(change: object, credentials: object = {}): ModemError {
  try {
    readModemSettings({ ...GOOD, ...change }, credentials);
  } catch (error) {
    if (isModemError(error)) return error;
  }
  throw new Error(`taken: ${JSON.stringify(change)}`);
}

describe("A field of the modem's dialog", () => {
  const english = catalogOf(ENGLISH);

  for (const property of Object.keys(MODEM_FIELDS)) {
    it(`is named by label and tab: ${property}`, () => {
      const { label, tab } = placeOf(property);
      assert.equal(fieldName(property), `"${english["label"]?.[label]}" on the ${english["tab"]?.[tab]} tab`);
      for (const language of [ENGLISH, ...TRANSLATIONS]) {
        const catalog = catalogOf(language);
        const groupOf = (key: string, lng?: string) => (lng === ENGLISH ? english : catalog)[key] ?? {};
        const named = (inLabel: string, inTab: string) =>
          (catalog["field"]?.["onTab"] ?? "").replace("__label__", inLabel).replace("__tab__", inTab);
        const wanted = named(catalog["label"]?.[label] ?? "", catalog["tab"]?.[tab] ?? "");
        assert.equal(
          withShownField(`: ${fieldName(property)} is empty`, groupOf, named),
          `: ${wanted} is empty`,
          language,
        );
      }
    });
  }

  it("stands in the table for each property and credential", () => {
    const modem = editorNodes().find(({ name }) => name === "quectel-modem");
    const wanted = [...Object.keys(MODEM_PROPERTIES), ...Object.keys(modem?.definition.credentials ?? {})];
    assert.deepEqual(Object.keys(MODEM_FIELDS).sort(), wanted.sort());
  });

  it("is what a refusal of its value names, and not the property", () => {
    for (const property of Object.keys(MODEM_PROPERTIES)) {
      const transport = property.startsWith("tcp") ? "tcp" : "serial";
      const { message } = refusal(
        { transport, ...NEEDS[property], [property]: {} },
        { smtpUser: "pump7", clientSecret: "x" },
      );
      assert(message.includes(fieldName(property)), message);
      assert(!new RegExp(`\\b${property}\\b`).test(message.replace(fieldName(property), "")), message);
    }
    assert(refusal({}, { simPin: "x" }).message.includes(fieldName("simPin")));
  });

  it("is named by its label alone where it belongs to another node", () => {
    for (const { name, definition } of editorNodes()) {
      if (name === "quectel-modem") continue;
      const labels = catalogOf(ENGLISH, name)["label"] ?? {};
      for (const property of Object.keys(definition.defaults)) {
        const label = labels[property];
        if (label === undefined || property === "name") continue;
        assert.equal(fieldName(property, "node"), `"${label}"`, `${name}: ${property}`);
      }
    }
    const options = new OptionReader({ maxAge: "soon" });
    assert.throws(() => options.integer("maxAge", { min: 1, max: 9 }, 1), {
      message: /: "Give up after" is "soon"/,
    });
    for (const property of Object.keys(NODE_FIELDS)) assert.notEqual(fieldName(property, "node"), property);
  });

  it("keeps the name of what no dialog shows", () => {
    for (const property of ["version", "constructor", "flow"]) assert.equal(fieldName(property), property);
    const groupOf = (key: string) => english[key] ?? {};
    const foreign = ': 550 "Nothing" on the Other tab';
    assert.equal(
      withShownField(foreign, groupOf, () => ""),
      foreign,
    );
  });
});
