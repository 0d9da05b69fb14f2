/**
 * What the host writes for each canonical mail, byte for byte as it was recorded (`test/canonical/lines`).
 *
 * A difference is either a mistake, or wanted: then `npm run canonical` records it anew, and the commit says why.
 */
import assert from "node:assert/strict";
import { CANONICAL_MAILS } from "../../canonical/mails";
import { play, recorded, recordedNames } from "../../canonical/recording";
import { hostLines } from "../../canonical/transcript";

describe("On the line of a canonical mail", () => {
  it("there are at least 40 of them, each with its file", () => {
    const names = CANONICAL_MAILS.map(({ name }) => name);
    assert.ok(names.length >= 40);
    assert.deepEqual([...recordedNames()].sort(), [...names].sort());
  });

  for (const mail of CANONICAL_MAILS) {
    it(`${mail.name}: the host writes what was recorded`, async () => {
      const written = hostLines(await play(mail));
      assert.ok(written.some((line) => line.startsWith("> AT+QSMTP")));
      assert.deepEqual(written, hostLines(recorded(mail)));
    });
  }
});
