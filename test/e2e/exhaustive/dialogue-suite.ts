/** The tests of one form of mail: each mishap at every byte of its dialogue, the initialisation included. */
import { closedRun } from "./closing-run";
import { disturbedRun, referenceRun, type Mails } from "./dialogue-run";
import { MISHAPS } from "./mishaps";
import { placesOf, Tally, timeFor, tryAll } from "./places";

/** One of so many bytes is tried in an ordinary run. */
const STEP = 61;

/** @param what completes the sentence "an initialisation and …". */
export function testDialogue(what: string, mails: Mails): void {
  describe(`an initialisation and ${what}, with a mishap at any byte in either direction`, function () {
    const tally = new Tally(`an initialisation and ${what}`);
    after(() => tally.print());

    for (const mishap of MISHAPS) {
      it(`end well although the ${mishap.name}`, async function () {
        const reference = await referenceRun(mails, mishap.variants);
        const places = placesOf(reference.bytes, STEP);
        this.timeout(timeFor(places.length));
        await tryAll(places, (place) => disturbedRun(mails, reference, mishap, place));
        tally.add(places.length, reference.bytes);
      });
    }

    it("leave nothing behind although the host closes, and the next host sends", async function () {
      const reference = await referenceRun(mails);
      const places = placesOf(reference.bytes, STEP);
      this.timeout(timeFor(places.length));
      await tryAll(places, (place) => closedRun(mails, reference, place));
      tally.add(places.length, reference.bytes);
    });
  });
}
