/** A mail through the outbox, with an attachment, and one after it. */
import { outboxMail } from "../../support/memory-outbox";
import { awkwardBytes } from "../transaction/mail-rig";
import { disturbedOutbox, extentThroughOutbox } from "./outbox-run";
import { MISHAPS } from "./mishaps";
import { placesOf, Tally, timeFor, tryAll } from "./places";

const MAIL = outboxMail({
  cc: ["boss@example.com"],
  text: "Level too high: 3.2 m.\n".repeat(50),
  attachments: [{ filename: "log.csv", content: { kind: "bytes", bytes: awkwardBytes(200) } }],
});

describe("a mail through the outbox, with a mishap at any byte in either direction", () => {
  const tally = new Tally("a mail through the outbox");
  after(() => tally.print());

  for (const mishap of MISHAPS) {
    it(`is neither lost nor repeated unmarked although the ${mishap.name}`, async function () {
      const extent = await extentThroughOutbox(MAIL, mishap.variants);
      const places = placesOf(extent);
      this.timeout(timeFor(places));
      await tryAll(places, (place) => disturbedOutbox(MAIL, mishap, place));
      tally.add(places, extent);
    });
  }
});
