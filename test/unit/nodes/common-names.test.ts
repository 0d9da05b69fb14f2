/**
 * Names that every object has (`constructor`, `__proto__`), where a message, a person, a module or a mail server gives a word or a
 * name: nothing is confused and no object changes. Oracle: with an ordinary word of the same length in its place, the result is the
 * same but for that word.
 */
import assert from "node:assert/strict";
import { lineKind } from "../../../lib/at/line-kind";
import { isModemError } from "../../../lib/errors";
import { readMessage } from "../../../lib/mail/message/message";
import { readRecord } from "../../../lib/outbox/spool/record";
import { reviveMessage, storableMessage } from "../../../lib/mail/message/foreign";
import { readModemSettings } from "../../../nodes/runtime/settings/modem-settings";
import { MODEM_PROPERTIES } from "../../../nodes/runtime/settings/modem-properties";
import { readTestRequest } from "../../../nodes/runtime/connection-test/request";
import { MESSAGE_PROPERTIES } from "../../support/message-properties";
import { ownOfAll } from "../../support/own-of-all";

/** Each with a word of its length that no object has. */
const NAMES = [
  ["__proto__", "__pruto__"],
  ["constructor", "konstruktor"],
  ["prototype", "prututype"],
  ["toString", "toStrung"],
  ["valueOf", "valueUf"],
  ["hasOwnProperty", "hasOwnPropurty"],
] as const;

/** What becomes of a value, in words. */
type Told = (name: string) => unknown;

async function told(tell: Told, name: string): Promise<string> {
  try {
    return inWords(await tell(name));
  } catch (error) {
    assert(isModemError(error), String(error));
    return `${error.code} ${error.message} ${error.hint}`;
  }
}

/** Functions and properties without a value included: one that came from a prototype shows. */
function inWords(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) =>
    typeof one === "function" || one === undefined ? `(${typeof one})` : one,
  );
}

const MESSAGE = { to: "duty@example.com", topic: "Level high", payload: "94 %" };
const POLICY = { allowFrom: true, attachmentPaths: [] };
const SETTINGS = {
  transport: "tcp",
  tcpHost: "127.0.0.1",
  tcpPort: "1",
  smtpHost: "mail.example.com",
  smtpPort: "25",
  smtpSecurity: "none",
  senderAddress: "pump7@example.com",
};

/** An object with a property of this name of its own, as JSON from outside makes it. */
const own = (name: string, value: unknown): object =>
  JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`) as object;

const OF_MESSAGES = [...MESSAGE_PROPERTIES, "delivery", "replaces"] as const;

const CASES: readonly (readonly [what: string, tell: Told])[] = [
  ...OF_MESSAGES.flatMap((property) => [
    [`msg.${property}`, (name: string) => readMessage({ ...MESSAGE, [property]: name }, {}, POLICY)] as const,
    [
      `a property of msg.${property}`,
      (name: string) => readMessage({ ...MESSAGE, [property]: own(name, { polluted: 1 }) }, {}, POLICY),
    ] as const,
  ]),
  [
    "a property of a message",
    (name) => readMessage({ ...own(name, { polluted: 1 }), ...MESSAGE }, {}, POLICY),
  ],
  ["a header", (name) => readMessage({ ...MESSAGE, headers: own(`X-${name}`, name) }, {}, POLICY)],
  [
    "an attachment",
    (name) =>
      readMessage(
        { ...MESSAGE, attachments: [{ ...own(name, 1), filename: name, content: name, encoding: name }] },
        {},
        POLICY,
      ),
  ],
  [
    "a message kept on the disk",
    (name) => reviveMessage(JSON.parse(JSON.stringify(storableMessage(own(name, own(name, 1))))) as unknown),
  ],
  ...Object.keys(MODEM_PROPERTIES).map(
    (property) =>
      [
        `the setting ${property}`,
        (name: string) => readModemSettings({ ...SETTINGS, [property]: name }, {}),
      ] as const,
  ),
  ["a setting of this name", (name) => readModemSettings({ ...own(name, { apn: "x" }), ...SETTINGS }, {})],
  ["a credential of this name", (name) => readModemSettings(SETTINGS, { ...own(name, "x") })],
  [
    "a request of the dialog",
    (name) =>
      readTestRequest({
        kind: "diagnosis",
        modem: name,
        flow: name,
        properties: own(name, "x"),
        credentials: {},
      }),
  ],
  [
    "the kind of a request",
    (name) => readTestRequest({ kind: name, modem: "", properties: {}, credentials: {} }),
  ],
  ...["idle", "outOfSync"].flatMap((kind) =>
    (["words", "digits"] as const).map(
      (format) =>
        [
          `a line of the module (${kind}, ${format})`,
          (name: string) =>
            lineKind(
              name,
              kind === "idle" ? { kind: "idle", format } : { kind: "outOfSync", format, last: undefined },
            ),
        ] as const,
    ),
  ),
  ["a record of this id", (name) => readRecord(JSON.stringify({ format: 1, id: name }), name)],
];

describe("A name that every object has", () => {
  for (const [what, tell] of CASES) {
    it(`is a word like any other as ${what}`, async () => {
      const before = ownOfAll();
      for (const [name, word] of NAMES) {
        const [found, usual] = [await told(tell, name), await told(tell, word)];
        assert.equal(found.replaceAll(name, word), usual);
      }
      assert.equal(ownOfAll(), before);
    });
  }
});
