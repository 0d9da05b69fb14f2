/** Hostile messages in the dialogue with a module that fails. Ten minutes of them: `npm run campaign -- --part fresh`. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Mailer, Transaction } from "../../../lib/mailer/mailer";
import { dialogueProperty } from "../../campaign/hostile/dialogue-property";
import { TIME } from "../../support/property";

/** A mailer that makes something else of each mail. */
const changing =
  (change: (one: Transaction) => Transaction) =>
  (mailer: Mailer): Mailer =>
    new Proxy(mailer, {
      get(target, name) {
        if (name === "prepare")
          return (one: Transaction, ...more: [Parameters<Mailer["prepare"]>[1]]) =>
            target.prepare(change(one), ...more);
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });

describe("A hostile message to a module that fails", function () {
  this.timeout(TIME);

  it("writes no line of unknown form, brings nothing into its mail, and is followed to its told end", async () => {
    const seen = { accepted: 0, delivered: 0, struck: 0 };
    await fc.assert(dialogueProperty(seen), { numRuns: 8, seed: 1 });
    for (const count of Object.values(seen)) assert(count > 5, JSON.stringify(seen));
  });

  it("is seen to bring a recipient", async () => {
    const spoil = changing(({ mail, envelope }) => ({
      mail,
      envelope: { ...envelope, bcc: [...envelope.bcc, "mallory@example.net"] },
    }));
    await assert.rejects(
      fc.assert(dialogueProperty(undefined, spoil), { numRuns: 12, seed: 1, endOnFailure: true }),
      ({ cause }: Error) => /a mail of .* went to .*mallory@example\.net/.test(String(cause)),
    );
  });

  it("is seen to bring a header", async () => {
    const headers = [{ name: "X-Mallory", value: "1" }];
    const spoil = changing(({ mail, envelope }) => ({
      mail: { ...mail, fields: { ...mail.fields, headers } },
      envelope,
    }));
    await assert.rejects(
      fc.assert(dialogueProperty(undefined, spoil), { numRuns: 12, seed: 1, endOnFailure: true }),
      ({ cause }: Error) => /a header "x-mallory" too many/.test(String(cause)),
    );
  });
});
