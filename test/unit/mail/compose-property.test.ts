import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { bodyCoding } from "../../../lib/mailer/qsmtp/compose/coded-text";
import type { CodedText, TextSupport } from "../../../lib/mailer/qsmtp/compose/mail-transaction";
import { isAscii } from "../../../lib/mail/message/text";
import { compose } from "../../../lib/mailer/qsmtp/compose/compose";
import { planEnvelopes } from "../../../lib/mailer/qsmtp/compose/envelopes";
import { recipientsOf } from "../../../lib/mailer/outgoing";
import { readMessage } from "../../../lib/mail/message/message";
import { contentOf, storedAttachment, storedMail } from "./support";

const way = fc.constantFrom("raw", "hex", "unknown");
const support: fc.Arbitrary<TextSupport> = fc.record({ subject: way, body: way });

const letters = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc
    .array(fc.constantFrom("水泵", "ü", '"', "x", "\n", "😀", "level "), { maxLength: 200 })
    .map((parts) => parts.join("")),
  fc
    .tuple(fc.constantFrom("x", "ü", "水", "😀"), fc.nat(12_000))
    .map(([letter, times]) => letter.repeat(times)),
);

const DECODERS = { ascii: "latin1", "utf-8": "utf-8", gb2312: "gb2312", big5: "big5" } as const;

const decoded = ({ charset, bytes }: CodedText): string =>
  new TextDecoder(DECODERS[charset], { fatal: charset !== "ascii", ignoreBOM: true }).decode(bytes);

const written = ({ charset, bytes }: CodedText, way: TextSupport["body"]): Buffer =>
  charset !== "ascii" && way === "hex" ? Buffer.from(bytes.toString("hex")) : bytes;

describe("every composed transaction", () => {
  const settings = fc.record({
    senderName: fc.string({ unit: "binary" }),
    senderAddress: fc.constant("gateway@example.com"),
    charset: fc.constantFrom("auto", "utf-8", "gb2312", "big5"),
    lateNote: fc.constantFrom(0, 10),
  });
  const history = fc.record({
    ageMs: fc.nat(10_000_000),
    possibleDuplicate: fc.boolean(),
    shortSubject: fc.boolean(),
  });
  const names = fc.array(fc.string({ unit: "binary" }), { maxLength: 10 });

  it("keeps the carrier's contract, and the whole text arrives in it wherever there is room", async () => {
    await fc.assert(
      fc.asyncProperty(
        letters,
        letters,
        names,
        support,
        settings,
        history,
        async (topic, payload, names, support, settings, history) => {
          const msg = {
            to: "a@example.com",
            topic: topic.replace(/\p{Cc}/gu, "").slice(0, 1000),
            payload: `.${payload}`,
          };
          const mail = await readMessage(msg, {}, { allowFrom: false, attachmentPaths: [] });
          const stored = storedMail({
            subject: mail.subject,
            text: mail.text,
            attachments: names.map((name) => storedAttachment(name, name)),
          });
          const { transaction } = compose(stored, stored, { settings, support, history });
          const { subject, body, attachments } = transaction;

          for (const [coded, way] of [
            [subject, support.subject],
            [body, bodyCoding(support)],
            [transaction.plainBody ?? body, transaction.plainBody === undefined ? "raw" : "unknown"],
          ] as const) {
            assert.ok(coded.charset === "ascii" || way !== "unknown");
            if (coded.charset === "ascii") assert.ok(isAscii(coded.bytes.toString("latin1")));
          }
          assert.ok(
            written(subject, support.subject).every((byte) => byte >= 0x20 && byte !== 0x22 && byte !== 0x7f),
          );
          assert.ok(!/\p{Cc}/u.test(decoded(subject)));
          const line = written(subject, support.subject).length;
          assert.ok(subject.bytes.length <= 99 && line !== 100);
          if (history.shortSubject) assert.ok(line <= 99);
          for (const text of [body, transaction.plainBody ?? body]) assert.ok(text.bytes.length <= 3072);
          assert.match(transaction.senderName, /^[ !#-~]{0,50}$/);

          assert.ok(attachments.length <= 10);
          assert.equal(new Set(attachments.map(({ name }) => name.toLowerCase())).size, attachments.length);
          for (const attachment of attachments) {
            assert.match(attachment.name, /^[A-Za-z0-9._-]{1,80}$/);
            assert.ok(attachment.size > 0);
            const content = Buffer.from(await contentOf(attachment));
            assert.equal(attachment.size, content.length);
            assert.equal(attachment.sha256, createHash("sha256").update(content).digest("hex"));
          }
          if (names.filter((name) => name !== "").length < 10) {
            const carried = [decoded(body), await contentOf(attachments[0])];
            assert.ok(
              carried.some((one) => one.includes(mail.text)),
              "the text is nowhere whole",
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("serves every recipient exactly once over all transactions", () => {
    const list = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}@example\.com$/), { maxLength: 8 });
    fc.assert(
      fc.property(list, list, list, fc.constantFrom("private", "module"), (to, cc, bcc, bccMode) => {
        const envelopes = planEnvelopes({ to, cc, bcc }, bccMode);
        assert.deepEqual(envelopes.flatMap(recipientsOf), [...to, ...cc, ...bcc]);
        assert.ok(envelopes.every((envelope) => recipientsOf(envelope).length > 0));
        if (bccMode === "private") assert.ok(envelopes.every((envelope) => envelope.bcc.length === 0));
      }),
    );
  });
});
