import assert from "node:assert/strict";
import fc from "fast-check";
import { isModemError } from "../../../lib/errors";
import { readMessage } from "../../../lib/mail/message/message";
import { isAscii } from "../../../lib/mail/message/text";
import { MESSAGE_PROPERTIES } from "../../support/message-properties";

const trap = (): never => {
  throw new Error("do not touch");
};

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function throwRevoked(): never {
  // oxlint-disable-next-line typescript/only-throw-error -- what a flow throws may be anything
  throw revoked();
}

const cyclic: unknown[] = [];
cyclic.push(cyclic);

/** Values are made when the message is made, because fast-check itself would touch them. */
type Make = () => unknown;

/** Values that throw when they are read, and other malice. */
const HOSTILE: readonly Make[] = [
  revoked,
  () => new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap }),
  () => new Proxy([], { get: trap }),
  () => Object.defineProperty({}, "address", { get: trap }),
  () => Object.defineProperty({}, "content", { get: throwRevoked }),
  () => ({ toJSON: throwRevoked }),
  () => ({ toJSON: () => undefined }),
  () => ({ type: "Buffer", data: new Proxy([], { get: trap }) }),
  () => Object.defineProperty(new Uint8Array(3), "buffer", { get: trap }),
  () => Object.assign(new Error("x"), { toString: trap }),
  () => cyclic,
  () => Array.from({ length: 3 }),
  () => ({ length: -1 }),
  () => Symbol("s"),
  () => 7n,
  () => trap,
  () => "x".repeat(100_000),
  () => "<p>".repeat(10_000),
  () => "\u0000\uD800\r\n",
  () => Object.create(null),
  () => new Map([[1, 2]]),
  () => new Date(Number.NaN),
];

const hostile = fc.constantFrom(...HOSTILE);
const known = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<Make> => arbitrary.map((value) => () => value);

const attachment = fc
  .record({
    filename: hostile,
    content: fc.oneof(hostile, known(fc.uint8Array()), known(fc.string())),
    path: hostile,
  })
  .map(({ filename, content, path }): Make => () => ({
    filename: filename(),
    content: content(),
    path: path(),
  }));

const value = fc.oneof(
  hostile,
  known(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSparseArray: true,
    }),
  ),
  known(fc.string({ unit: "binary" })),
  known(
    fc.constantFrom("a@example.com", "b@example.com, C <c@example.com>", "high", "Pump 7", "<p>x</p>", ""),
  ),
  known(
    fc.record({
      filename: fc.string({ unit: "binary" }),
      content: fc.string(),
      encoding: fc.constantFrom("base64", "hex", "?", undefined),
    }),
  ),
  fc.array(attachment, { maxLength: 12 }).map(
    (list): Make =>
      () =>
        list.map((make) => make()),
  ),
);

const message = fc.dictionary(fc.constantFrom(...MESSAGE_PROPERTIES), value, {
  maxKeys: MESSAGE_PROPERTIES.length,
});

const made = (makers: Record<string, Make>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, make()]));

describe("any message whatever", () => {
  const check = async (msg: unknown): Promise<void> => {
    try {
      const mail = await readMessage(
        msg as Record<string, unknown>,
        {},
        { allowFrom: true, attachmentPaths: ["/nowhere"] },
      );
      const recipients = [...mail.to, ...mail.cc, ...mail.bcc];
      assert.ok(recipients.length > 0);
      assert.equal(new Set(recipients).size, recipients.length);
      for (const address of [...recipients, mail.from?.address ?? "a@b"])
        assert.match(address, /^[!#-~]+@[!#-~]+$/);
      assert.ok(!/[\p{Cc}\p{Surrogate}]/u.test(mail.subject));
      assert.ok(!/(?!\r\n|\t)[\p{Cc}\p{Surrogate}](?<!\r\n)/u.test(mail.text));
      assert.ok(mail.attachments.length <= 10);
    } catch (error) {
      if (!isModemError(error)) throw error;
      assert.match(error.code, /^(INVALID|LIMIT)_/);
      assert.ok(!/\p{Cc}/u.test(error.message), error.message);
    }
  };

  it("becomes a mail without control characters, or a ModemError", async () => {
    await fc.assert(
      fc.asyncProperty(message, fc.boolean(), (makers, addressed) =>
        check({ ...made(makers), ...(addressed ? { to: "a@example.com" } : {}) }),
      ),
      { numRuns: 1000 },
    );
  });

  it("may not even be an object that can be read", async () => {
    for (const msg of [undefined, null, 7, "text", revoked(), new Proxy({}, { get: trap })]) await check(msg);
  });

  it("with ASCII addresses only becomes a mail with ASCII addresses", async () => {
    const local = fc.stringMatching(/^[a-z0-9]{1,20}$/);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(local, { minLength: 1, maxLength: 20 }), async (names) => {
        const to = names.map((name) => `${name} <${name}@example.com>`).join(", ");
        const mail = await readMessage({ to }, {}, { allowFrom: false, attachmentPaths: [] });
        assert.deepEqual(
          mail.to,
          names.map((name) => `${name}@example.com`),
        );
        assert.ok(mail.to.every(isAscii));
      }),
    );
  });
});
