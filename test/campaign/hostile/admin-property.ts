/**
 * Property of the admin endpoints: whatever is asked, the answer is JSON with a status of its own, shows no secret, and
 * is no failure of the code behind it; and what every object has stays what it was.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ownOfAll } from "../../support/own-of-all";
import { anyJson, COMMON_NAMES } from "./any-json";
import type { EndpointsAttack, Question } from "./endpoints";
import { PATHS, PROPERTIES } from "./endpoints";
import { Findings } from "./findings";
import { WORDS } from "./values";

const COMMON = [...COMMON_NAMES, "valueOf"];

const word = fc.oneof(
  fc.constantFrom(...WORDS, ...COMMON),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 30 }),
);
const leaf = fc.oneof(
  word,
  fc.constantFrom(null, true, false, 0, -1, 1e308, 2 ** 53, [], {}),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const json = anyJson(leaf, fc.oneof(fc.constantFrom(...COMMON, ...PROPERTIES), word), 5);

/** It leads to a port where nobody listens. */
const settings = fc
  .dictionary(fc.constantFrom(...COMMON, "apn", "smtpHost", "senderAddress", "tokenUrl"), json, {
    maxKeys: 3,
  })
  .map((more) => ({ ...more, transport: "tcp", tcpHost: "127.0.0.1", tcpPort: "1" }));

const body = fc.oneof(
  word,
  json.map((value) => JSON.stringify(value)),
  fc
    .record(
      {
        kind: fc.oneof(fc.constantFrom("mail", "diagnosis", "facts"), json),
        modem: fc.oneof(fc.constantFrom("modem", "", ...COMMON), json),
        flow: fc.oneof(fc.constantFrom("", ...COMMON), json),
        recipient: fc.oneof(fc.constant("duty@example.com"), json),
        properties: fc.oneof(settings, json),
        credentials: fc.oneof(fc.dictionary(fc.constantFrom(...COMMON, "smtpPassword"), json), json),
        action: fc.oneof(fc.constantFrom("startTrace", "stopTrace", "pause", "resume", ...COMMON), json),
        mail: fc.oneof(fc.constantFrom(...COMMON), json),
        readable: json,
        directory: json,
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
  // No literal and no copy makes a property of this name.
  json.map((value) => `{"__proto__":${JSON.stringify(value)},"constructor":{"prototype":{"polluted":1}}}`),
);

const question: fc.Arbitrary<Question> = fc.record({
  method: fc.constantFrom("GET", "POST", "POST", "POST", "DELETE", "PUT"),
  path: fc.oneof(
    fc.constantFrom(...PATHS),
    fc
      .tuple(fc.constantFrom(...PATHS), fc.oneof(fc.constantFrom(...COMMON), word))
      .map(([path, rest]) => `${path}/${segment(rest)}`),
  ),
  query: fc.array(fc.tuple(fc.oneof(fc.constantFrom(...PROPERTIES, ...COMMON), word), word), {
    maxLength: 3,
  }),
  type: fc.constantFrom("application/json", "application/json", "text/plain"),
  body,
});

/** Of a path; without single surrogates, which no URL carries, and without what a URL resolves. */
function segment(text: string): string {
  const coded = encodeURIComponent(Buffer.from(text.slice(0, 100)).toString());
  return /^\.*$/.test(coded) ? "x" : coded;
}

export function adminProperty(attack: EndpointsAttack): fc.IAsyncPropertyWithHooks<[Question]> {
  return fc.asyncProperty(question, async (asked) => {
    const before = ownOfAll();
    const lines: string[] = [];
    await attack.send(asked, new Findings((line) => lines.push(line)), "");
    assert.deepEqual(lines, []);
    assert.equal(ownOfAll(), before);
  });
}
