/** The tests of one form of mail: each mishap at every byte of its dialogue, the initialisation included. */
import { closedRun } from "./closing-run";
import { disturbedRun, referenceRun, type Mails, type Reference } from "./dialogue-run";
import { MISHAPS, type Place } from "./mishaps";
import { placesOf, Tally, timeFor, tryAll } from "./places";

/** @param what completes the sentence "an initialisation and …". */
export function testDialogue(what: string, mails: Mails): void {
  describe(`an initialisation and ${what}, with a mishap at any byte in either direction`, () => {
    const tally = new Tally(`an initialisation and ${what}`);
    after(() => tally.print());

    const tryPlaces = async (
      test: Mocha.Context,
      reference: Reference,
      run: (place: Place) => Promise<void>,
    ): Promise<void> => {
      const places = placesOf(reference);
      test.timeout(timeFor(places));
      await tryAll(places, run);
      tally.add(places, reference);
    };

    for (const mishap of MISHAPS) {
      it(`end well although the ${mishap.name}`, async function () {
        const reference = await referenceRun(mails, mishap.variants);
        await tryPlaces(this, reference, (place) => disturbedRun(mails, reference, mishap, place));
      });
    }

    it("leave nothing behind although the host closes, and the next host sends", async function () {
      const reference = await referenceRun(mails);
      await tryPlaces(this, reference, (place) => closedRun(mails, reference, place));
    });
  });
}
