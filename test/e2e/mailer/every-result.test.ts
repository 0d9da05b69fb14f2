/** Every number and reply of the module, at every point of the dialogue with the server; the server is the judge. */
import assert from "node:assert/strict";
import { OK } from "../../../lib/simulator";
import { readMessage } from "../../../lib/simulator/delivery/read-message";
import type { Outcome } from "../../../lib/mailer/mailer";
import { memoryOutbox, outboxMail } from "../../support/memory-outbox";
import { memoryMailer, transaction, type MemoryMailer } from "../../support/memory-mailer";

const NUMBERS = Array.from({ length: 33 }, (_, index) => 650 + index);
/** The last two are numbers of the module in the place of a reply. */
const REPLIES = [0, 220, 250, 354, 421, 450, 535, 550, 554, 651, 661];

const isRefusal = (reply: number): boolean => reply >= 400 && reply < 600;

/**
 * What a module cannot say of a mail that the server has taken: a refusal by the server, and that the mail had not been
 * begun. If one says so all the same, nothing could tell it from the truth.
 */
function contradictsAcceptance(number: number, reply: number): boolean {
  return isRefusal(reply) || (reply === 0 && [652, 653, 655, 659, 664].includes(number));
}

/** How far the dialogue with the server comes before the module tells its result. */
const POINTS = [
  "after the server has taken the mail",
  "before the server has taken it",
  "at the connection",
] as const;

/** The module's next mail comes to this point, and ends with this line whatever happened. */
function ends(
  { module, server }: Pick<MemoryMailer, "module" | "server">,
  line: string,
  point: (typeof POINTS)[number],
): () => void {
  if (point === "at the connection") {
    return module.define((context, next) => {
      if (context.name !== "+QSMTPPUT" || context.form !== "write") return next();
      context.afterResult(() => module.raiseUrc(line));
      return OK;
    });
  }
  if (point === "before the server has taken it") server.refuse = { "duty@example.com": 451 };
  const honest = module.raiseUrc.bind(module);
  module.raiseUrc = (said, ...rest) => honest(said.startsWith("+QSMTPPUT:") ? line : said, ...rest);
  return () => {
    server.refuse = {};
    module.raiseUrc = honest;
  };
}

describe("A result of the module", () => {
  for (const point of POINTS) {
    it(`${point} is never told as more certain than it is, and holds nothing that may pass`, async () => {
      const rig = await memoryMailer();
      const isDelivered = point === POINTS[0];
      let id = 0;
      for (const number of NUMBERS) {
        for (const reply of REPLIES) {
          if (isDelivered && contradictsAcceptance(number, reply)) continue;
          const undo = ends(rig, `+QSMTPPUT: ${number},${reply}`, point);
          const had = rig.server.received.length;
          const one = await rig.prepare(transaction({ id: `mail-${id++}` }));
          assert.ok(one.kind === "prepared", `${number},${reply}`);
          const outcome: Outcome = await rig.commit(one);
          undo();
          const isThere = rig.server.received.length > had;
          const about = `${number},${reply}: ${JSON.stringify(outcome.recipients)}`;
          assert.equal(isThere, isDelivered, about);
          assert.notEqual(outcome.recipients[0]?.state, "accepted", about);
          if (isThere) assert.equal(outcome.open, true, about);
          if (isRefusal(reply) && number > 650) assert.equal(outcome.open, false, about);
          // Neither ends the mail nor holds the others: nobody has refused.
          const kind = outcome.error?.class;
          if (reply > 0 && reply < 400 && number > 650) assert.equal(kind, "transient", about);
          assert.equal(rig.modem.lock.held, false);
        }
      }
      await rig.close();
    });
  }

  it("of which the module says nothing more than a network error three times makes the next try wait half an hour", async () => {
    const rig = await memoryMailer({ network: { allowReset: false } });
    ends(rig, "+QSMTPPUT: 654,0", "at the connection");
    const waits: number[] = [];
    let hint = "";
    while (waits.length < 4) {
      const outcome = await rig.send();
      assert.ok(outcome.kind === "ended" && outcome.error?.code === "SMTP_NETWORK");
      assert.equal(outcome.error.class, "transient");
      if (outcome.retry.kind !== "backOff") continue;
      waits.push(outcome.retry.atLeastMs);
      ({ hint } = outcome.error);
    }
    assert.deepEqual(waits, [0, 0, 1_800_000, 1_800_000]);
    assert.match(hint, /the server may have rejected the login, the sender or a recipient/);
    await rig.close();
  });

  it("that says network error for two hours in a dead cell holds nothing, and all goes out when coverage is back", async () => {
    const rig = memoryOutbox();
    await rig.open();
    const coverage = ends(rig, "+QSMTPPUT: 654,0", "at the connection");
    const ids = [
      await rig.accept(outboxMail({ subject: "1" })),
      await rig.accept(outboxMail({ subject: "2" })),
    ];
    const end = rig.clock.now() + 2 * 3600_000;
    while (rig.clock.now() < end) {
      await rig.clock.advance(60_000);
      assert.equal(rig.outbox.summary().hold, undefined);
    }
    assert.deepEqual(rig.ended, []);
    coverage();
    const back = rig.clock.now();
    for (const id of ids) {
      const { result } = await rig.endOf(id);
      assert.deepEqual([result.status, result.possibleDuplicate], ["sent", true]);
    }
    assert.ok(rig.clock.now() - back <= 35 * 60_000, `${rig.clock.now() - back} ms`);
    const subjects = rig.server.received.map(({ text }) => readMessage(Buffer.from(text, "latin1")).subject);
    assert.deepEqual(subjects.sort(), ["1", "2"]);
    await rig.stop();
  });
});
