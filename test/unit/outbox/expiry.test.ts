/** Mails that could not be sent in their time, and what their senders are told of the reason. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { storeError } from "../../../lib/mail/spool/stored-error";
import { DIRECTORY } from "./bench";
import { parts, transaction, type Parts } from "./parts-bench";

const MINUTE = 60_000;
const text = (code: ConstructorParameters<typeof ModemError>[0]): string => new ModemError(code).message;

/** What the sender of an expired mail is told. */
async function told(
  bench: Parts,
  transactions = [transaction("a@example.com")],
): Promise<string | undefined> {
  await bench.expiry.end(await bench.insert("a", { transactions }));
  return bench.ended[0]?.failure?.message;
}

describe("The reason why a mail has expired", () => {
  it("is what held the outbox, before all", async () => {
    const bench = await parts();
    await bench.ledger.meet(new ModemError("SMTP_AUTH_FAILED"));
    bench.carrier.available = false;
    assert.equal(await told(bench), `${text("OUTBOX_EXPIRED")}: ${text("SMTP_AUTH_FAILED")}`);
  });

  it("is its last error", async () => {
    const bench = await parts();
    bench.carrier.available = false;
    const errors = (["SMTP_NETWORK", "SMTP_BUSY"] as const).map((code) => storeError(new ModemError(code)));
    const transactions = [
      ...errors.map((lastError) => transaction("a@example.com", { lastError })),
      transaction("b@example.com"),
    ];
    assert.equal(await told(bench, transactions), `${text("OUTBOX_EXPIRED")}: ${text("SMTP_BUSY")}`);
  });

  it("is a modem that is not ready, and is not named when it is", async () => {
    const away = await parts();
    away.carrier.available = false;
    assert.equal(await told(away), `${text("OUTBOX_EXPIRED")}: ${text("MODEM_NOT_READY")}`);
    assert.equal(await told(await parts()), text("OUTBOX_EXPIRED"));
  });

  it("is not needed for a mail that another has ended meanwhile", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    const ended = bench.expiry.end(entry);
    await bench.ending.giveUp(entry, new ModemError("OUTBOX_DISCARDED"));
    await ended;
    assert.deepEqual(
      bench.ended.map(({ failure }) => failure?.code),
      ["OUTBOX_DISCARDED"],
    );
  });

  it("is the damage of a record that cannot be read", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    bench.files.put(`${DIRECTORY}/queue/a.json`, "{");
    await bench.expiry.end(entry);
    assert.equal(bench.ended[0]?.failure?.code, "OUTBOX_DAMAGED");
  });
});

describe("A mail whose lost result could not be asked for", () => {
  async function asking(bench: Parts, id: string, maxAge: number | null): Promise<void> {
    const entry = await bench.insert(id, { maxAge });
    await bench.store.putOnAir(entry, 0);
    bench.lost.add(entry);
  }

  it("ends when its time is over, its own or the modem's", async () => {
    const bench = await parts({ settings: { maxAge: 10 } });
    await asking(bench, "own", 5);
    await asking(bench, "shared", null);
    assert.equal(await bench.expiry.endLost(), 5 * MINUTE);
    await bench.clock.advance(5 * MINUTE);
    assert.equal(await bench.expiry.endLost(), 5 * MINUTE);
    await bench.clock.advance(5 * MINUTE);
    assert.equal(await bench.expiry.endLost(), Infinity);
    assert.deepEqual(
      bench.ended.map(({ id, failure }) => [id, failure?.code, failure?.outcome]),
      [
        ["own", "OUTBOX_EXPIRED", "unknown"],
        ["shared", "OUTBOX_EXPIRED", "unknown"],
      ],
    );
  });

  it("does not end under a hold but by its own limit", async () => {
    const bench = await parts({ settings: { maxAge: 10 } });
    await asking(bench, "shared", null);
    await bench.ledger.hold("paused");
    assert.equal(await bench.expiry.endLost(), Infinity);
    await asking(bench, "own", 30);
    assert.equal(await bench.expiry.endLost(), 30 * MINUTE);
    await bench.clock.advance(30 * MINUTE);
    await bench.expiry.endLost();
    assert.deepEqual(
      bench.ended.map(({ id }) => id),
      ["own"],
    );
  });
});
