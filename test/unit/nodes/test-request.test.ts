/** A request to try settings, as a browser may send it and as nobody should. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { isModemError } from "../../../lib/errors";
import { readTestRequest } from "../../../nodes/runtime/connection-test/request";

const GOOD = {
  kind: "mail",
  modem: "a1b2.c3",
  flow: "",
  properties: { smtpHost: "mail.example.com", smtpPort: 465, tlsVerify: true },
  credentials: { smtpPassword: "word" },
  recipient: "Duty <duty@example.com>",
};

const codeOf = (body: unknown): string => {
  try {
    readTestRequest(body);
    return "taken";
  } catch (error) {
    assert(isModemError(error), String(error));
    return error.code;
  }
};

describe("A request for a connection test", () => {
  it("is taken as the dialog sends it", () => {
    assert.deepEqual(readTestRequest(GOOD), { ...GOOD, recipient: "duty@example.com" });
  });

  for (const [what, change, code] of [
    ["of no known kind", { kind: "erase" }, "INVALID_CONFIG"],
    ["with an id that leads out of its folder", { modem: "../../etc" }, "INVALID_CONFIG"],
    ["with a property that is a list", { properties: { apn: ["a"] } }, "INVALID_CONFIG"],
    [
      "with a property of the prototype",
      JSON.parse('{"properties":{"__proto__":{"apn":"a"}}}'),
      "INVALID_CONFIG",
    ],
    ["with an unknown credential", { credentials: { token: "a" } }, "INVALID_CONFIG"],
    ["with a credential that is no text", { credentials: { simPin: 4711 } }, "INVALID_CONFIG"],
    ["with a credential without end", { credentials: { smtpPassword: "x".repeat(1001) } }, "INVALID_CONFIG"],
    ["that is larger than any dialog", { properties: { tlsCa: "x".repeat(200_000) } }, "INVALID_CONFIG"],
    ["without a recipient", { recipient: "" }, "INVALID_NO_RECIPIENT"],
    ["with two recipients", { recipient: "a@example.com, b@example.com" }, "INVALID_RECIPIENT"],
    ["with a command in the recipient", { recipient: 'a@example.com"\r\nATD112;' }, "INVALID_RECIPIENT"],
  ] as const) {
    it(`is refused ${what}`, () => {
      assert.equal(codeOf({ ...GOOD, ...change }), code);
    });
  }

  it("is refused or taken, whatever is sent, but never ends otherwise", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (body, part) => {
        codeOf(body);
        for (const name of Object.keys(GOOD)) codeOf({ ...GOOD, [name]: part });
      }),
    );
  });
});
