import assert from "node:assert/strict";
import { fieldName } from "../../../nodes/runtime/settings/field-names";
import {
  OptionReader,
  OPTIONS_VERSION,
  PropertyError,
  savedOptions,
} from "../../../nodes/runtime/settings/options";

const refused = (name: string) => (error: unknown) => {
  assert(error instanceof PropertyError);
  assert.equal(error.property, name);
  assert(error.message.includes(fieldName(name)), error.message);
  return true;
};

describe("The properties of a node", () => {
  it("take numbers also as the text that an environment variable holds", () => {
    const options = new OptionReader({ a: 587, b: " 587 ", c: "" });
    const range = { min: 1, max: 65535 };
    assert.equal(options.integer("a", range, 1), 587);
    assert.equal(options.integer("b", range, 1), 587);
    assert.equal(options.integer("c", range, 25), 25);
    assert.equal(options.integer("missing", range, undefined), undefined);
  });

  it("refuse a number out of range, with a fraction, or no number at all, and name the field", () => {
    for (const value of [0, 65536, 1.5, "ten", Number.NaN, true, {}, "0x", "1e9"]) {
      const options = new OptionReader({ smtpPort: value });
      assert.throws(() => options.integer("smtpPort", { min: 1, max: 65535 }, 25), refused("smtpPort"));
    }
  });

  it("take a tick in every form that an environment variable may hold", () => {
    for (const yes of [true, "true", "TRUE", "1", "yes", "on"]) {
      assert.equal(new OptionReader({ shared: yes }).flag("shared", false), true);
    }
    for (const no of [false, "false", "0", "no", "off"]) {
      assert.equal(new OptionReader({ shared: no }).flag("shared", true), false);
    }
    assert.equal(new OptionReader({ shared: "" }).flag("shared", true), true);
    assert.throws(() => new OptionReader({ shared: "perhaps" }).flag("shared", true), refused("shared"));
  });

  it("refuse a word that is not among the choices and list them", () => {
    const options = new OptionReader({ ipType: "ipv5" });
    assert.throws(() => options.choice("ipType", ["ipv4", "ipv6"], "ipv4"), /ipv4, ipv6/);
    assert.equal(new OptionReader({ ipType: "" }).choice("ipType", ["ipv4", "ipv6"], "ipv4"), "ipv4");
  });

  it("refuse text that is missing where it is needed, and anything that is not text", () => {
    assert.throws(() => new OptionReader({ smtpHost: "  " }).requiredText("smtpHost"), refused("smtpHost"));
    assert.throws(() => new OptionReader({ smtpHost: {} }).text("smtpHost"), refused("smtpHost"));
    assert.equal(
      new OptionReader({ smtpHost: " mail.example.com " }).requiredText("smtpHost"),
      "mail.example.com",
    );
  });

  it("are refused by their name also when they are nothing that JSON knows", () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    for (const value of [7n, cyclic, Symbol("s"), () => 1]) {
      const reader = new OptionReader({ smtpPort: value });
      assert.throws(() => reader.integer("smtpPort", { min: 1, max: 9 }, 1), refused("smtpPort"));
    }
  });
});

describe("What a dialog has saved", () => {
  it("is read where it is of this version, or tells none", () => {
    for (const version of [{}, { version: OPTIONS_VERSION }]) {
      assert.equal(savedOptions({ ...version, smtpHost: "a" }).text("smtpHost"), "a");
    }
  });

  it("is refused when a newer version has saved it", () => {
    assert.throws(() => savedOptions({ version: OPTIONS_VERSION + 1 }), refused("version"));
  });
});
