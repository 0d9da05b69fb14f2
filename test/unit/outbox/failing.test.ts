/** What a person hears of mails that are tried again and again. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ErrorCode } from "../../../lib/errors";
import type { Fate } from "../../support/fake-mailer";
import { Bench, failure, mail } from "./bench";

const HOUR = 3_600_000;

const FATES: Readonly<Record<string, () => Fate>> = {
  sent: () => ({ kind: "sent" }),
  network: () => failure("SMTP_NETWORK"),
  busy: () => failure("SMTP_LOCAL_ERROR", { smtpCode: 451 }),
  silent: () => failure("SMTP_TIMEOUT"),
  refused: () => failure("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 }),
};
const CODES: Readonly<Record<string, ErrorCode>> = {
  network: "SMTP_NETWORK",
  busy: "SMTP_LOCAL_ERROR",
  silent: "SMTP_TIMEOUT",
};

/** Tries one mail after the other with these fates; returns their names and `told <code>`, in order. */
async function history(fates: readonly string[]): Promise<readonly string[]> {
  const bench = await Bench.open({ settings: { maxAge: 1_000_000 } });
  const log: string[] = [];
  let at = 0;
  bench.outbox.on("failing", ({ code }) => log.push(`told ${code}`));
  bench.mailer.fate = () => {
    const name = fates[at++] ?? "sent";
    log.push(name);
    return FATES[name]?.() ?? { kind: "sent" };
  };
  while (at < fates.length) {
    const before = at;
    if (bench.outbox.summary().depth === 0) await bench.accept(mail("alarm"));
    await bench.clock.run(() => at > before, HOUR);
    await bench.clock.advance(1000);
  }
  await bench.clock.until(bench.outbox.close());
  return log;
}

const toldIn = (log: readonly string[]): readonly string[] =>
  log.flatMap((one) => (one.startsWith("told ") ? [one.slice(5)] : []));

describe("Tries that fail alike", () => {
  for (const [what, fates, expected] of [
    ["twice are no news", ["network", "network", "sent"], []],
    ["three times are told once, however long it lasts", Array(12).fill("network"), ["SMTP_NETWORK"]],
    [
      "are told again after a mail went out",
      [...Array(4).fill("network"), "sent", ...Array(4).fill("network")],
      ["SMTP_NETWORK", "SMTP_NETWORK"],
    ],
    [
      "are told again after another kind was told",
      [...Array(4).fill("network"), ...Array(3).fill("busy"), ...Array(3).fill("network")],
      ["SMTP_NETWORK", "SMTP_LOCAL_ERROR", "SMTP_NETWORK"],
    ],
    [
      "now one way and now another are told once",
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? "network" : "silent")),
      ["SMTP_NETWORK"],
    ],
    [
      "are over with a mail that the server has judged",
      ["network", "network", "refused", "network", "network"],
      [],
    ],
  ] as const) {
    it(what, async () => {
      assert.deepEqual(toldIn(await history(fates)), expected);
    });
  }

  it("are told at the third of a row, and never twice without a success or another kind between", async () => {
    const names = fc.constantFrom("sent", "network", "network", "busy", "silent", "refused");
    await fc.assert(
      fc.asyncProperty(fc.array(names, { maxLength: 12 }), async (fates) => {
        let last: string | undefined;
        let failed: string[] = [];
        for (const one of await history(fates)) {
          const code = /^told (.*)/.exec(one)?.[1];
          if (code !== undefined) {
            assert.notEqual(code, last);
            assert.ok(failed.filter((other) => other === code).length >= 3);
            last = code;
            failed = [];
          } else if (CODES[one] === undefined) {
            last = undefined;
            failed = [];
          } else {
            // The row before this one was told at once.
            const row = failed.slice(-3);
            assert.ok(row.length < 3 || new Set(row).size > 1 || row[0] === last, fates.join());
            failed.push(CODES[one]);
          }
        }
      }),
      { numRuns: 10 },
    );
  });

  it("are told once of a recipient whom the server puts off, though a flow that mails it to him too succeeds with others", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = ({ to }) =>
      to.includes("full@example.com") ? failure("SMTP_LOCAL_ERROR", { smtpCode: 451 }) : { kind: "sent" };
    const raise = (subject: string): Promise<unknown> =>
      Promise.all(
        ["ops", "full"].map((name) => bench.accept(mail(subject, { to: [`${name}@example.com`] }))),
      );
    // A loop would have no end.
    bench.outbox.on("failing", () => bench.failing.length < 5 && void raise("report"));
    await raise("alarm");
    await bench.clock.advance(12 * HOUR);
    assert.deepEqual(bench.failing, ["SMTP_LOCAL_ERROR"]);
    assert.equal(bench.outbox.summary().depth, 2);
    await bench.clock.until(bench.outbox.close());
  });

  it("are not those that a held outbox or a modem that is away has stopped", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => failure("SMTP_TLS_FAILED");
    await bench.accept(mail("alarm"));
    await bench.clock.advance(5 * HOUR);
    assert.ok(bench.tried.length > 5);
    assert.deepEqual(bench.failing, []);
  });
});
