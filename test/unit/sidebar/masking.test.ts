import assert from "node:assert/strict";
import fc from "fast-check";
import { MASK } from "../../../lib/serial/trace";
import { forStrangers, maskedAddress, withMaskedAddresses } from "../../../nodes/runtime/admin/masking";
import { shownRecipients } from "../../../nodes/runtime/sidebar/recipients";
import { assertProportional } from "../../support/proportion";

describe("Masking for the sidebar", () => {
  it("leaves enough of an address to tell mails apart, and not enough to write to somebody", () => {
    assert.equal(maskedAddress("duty@example.com"), "d•••@example.com");
    assert.equal(maskedAddress("张伟@example.com"), "张•••@example.com");
    assert.equal(maskedAddress("🚨.pump@example.com"), "🚨•••@example.com");
    assert.equal(withMaskedAddresses("to jürgen@example.com"), "to j•••@example.com");
    assert.equal(forStrangers("to jürgen@bücher.example, too", []), `to ${MASK}, too`);
    assert.equal(maskedAddress("@example.com"), MASK);
    assert.equal(maskedAddress("nobody"), MASK);
    assert.equal(withMaskedAddresses("refused: <duty@example.com>"), "refused: <d•••@example.com>");
  });

  it("shows the first recipients and counts the others", () => {
    assert.deepEqual(shownRecipients(["a@example.com"]), ["a•••@example.com"]);
    const five = ["a", "b", "c", "d", "e"].map((name) => `${name}@example.com`);
    assert.deepEqual(shownRecipients(five), [
      "a•••@example.com",
      "b•••@example.com",
      "c•••@example.com",
      "+2",
    ]);
  });

  it("hides numbers of module and card wherever they stand, and leaves times and codes", () => {
    const identities = ["861536030196001", "460001234567890", "89860025128306012474", "8986002512830601247F"];
    for (const identity of identities) {
      for (const text of [identity, `+QCCID: ${identity}`, `"${identity}"`, `imei=${identity}.`]) {
        assert(!forStrangers(text, []).includes(identity), text);
      }
    }
    const harmless = "12:30:05.123 < +QSMTPPUT: 651,535 1767225600000";
    assert.equal(forStrangers(harmless, []), harmless);
  });

  it("hides subjects and the sender's name in commands and answers", () => {
    assert.equal(forStrangers('AT+QSMTPSUB=1,"Tank "2" is full"', []), `AT+QSMTPSUB=1,"${MASK}"`);
    assert.equal(forStrangers('+QSMTPSUB: 1,"Tank 2"', []), `+QSMTPSUB: 1,"${MASK}"`);
    assert.equal(
      forStrangers('AT+QSMTPCFG="sender","Pump 7","pump7@example.com"', []),
      `AT+QSMTPCFG="sender","${MASK}","${MASK}"`,
    );
  });

  it("leaves no address and no credential in any text", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9.+_-]{0,9}$/);
    fc.assert(
      fc.property(name, fc.string(), fc.string({ minLength: 4 }), (local, around, credential) => {
        const shown = forStrangers(`${around} ${local}@example.com ${credential}\n`, [credential]);
        assert(!shown.includes(`${local}@example.com`));
        assert(!shown.includes(credential) || MASK.includes(credential));
      }),
    );
  });

  it("takes time in proportion to its length for a long line of noise", async () => {
    await assertProportional("noise", 64 * 1024, (length) =>
      assert.equal(forStrangers("x".repeat(length), []).length, length),
    );
  });
});
