/** The last kilobyte of a message stays in the host until it may go, whatever pieces it comes in. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import fc from "fast-check";
import { HeldMessage } from "../../../lib/mailer/smtp/held-message";

const WITHHELD = 1024;

describe("A message that is held back", () => {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const source = (pieces: readonly Uint8Array[]): Readable =>
    Readable.from(pieces.map((piece) => Buffer.from(piece)));

  /** What has come through so far. */
  function read({ stream }: HeldMessage) {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise<unknown>((resolve) => {
      stream.once("end", () => resolve("end"));
      stream.once("error", resolve);
      stream.once("close", () => resolve("close"));
    });
    return { bytes: () => Buffer.concat(chunks), ended };
  }

  it("gives all but its last kilobyte before it may go, and all of it after", async () => {
    const piece = fc.uint8Array({ maxLength: 1_500 });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const whole = Buffer.concat(pieces);
        const message = new HeldMessage(source(pieces));
        const reading = read(message);
        await message.begun;
        await message.held;
        await turn();
        assert.deepEqual(reading.bytes(), whole.subarray(0, Math.max(0, whole.length - WITHHELD)));
        message.release();
        assert.equal(await reading.ended, "end");
        assert.deepEqual(reading.bytes(), whole);
      }),
      { numRuns: 100 },
    );
  });

  it("begins when it is read, and not before", async () => {
    let isBegun = false;
    const message = new HeldMessage(source([Buffer.alloc(10)]));
    void message.begun.then(() => (isBegun = true));
    await turn();
    assert.equal(isBegun, false);
    read(message);
    await message.begun;
  });

  it("that was abandoned never gives its end, also when it is released later", async () => {
    const given = source([Buffer.alloc(3_000, "x")]);
    const message = new HeldMessage(given);
    const reading = read(message);
    await message.held;
    message.destroy();
    message.release();
    assert.notEqual(await reading.ended, "end");
    await turn();
    assert.equal(reading.bytes().length, 3_000 - WITHHELD);
    assert.equal(given.destroyed, true);
  });

  it("that was abandoned before its end is known says so to who waits for it", async () => {
    const endless = new Readable({ read: () => undefined });
    const message = new HeldMessage(endless);
    read(message);
    await message.begun;
    message.destroy();
    await assert.rejects(message.held, /the message was abandoned/);
    assert.equal(endless.destroyed, true);
  });

  it("that cannot be read names the fault, to the reader too, and gives nothing of its end", async () => {
    const fault = Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" });
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(2_000, "x");
        throw fault;
      })(),
    );
    const message = new HeldMessage(broken);
    const reading = read(message);
    await assert.rejects(message.held, { code: "MODEM_ERROR", cause: fault, message: /ENOENT/ });
    message.release();
    const error = await reading.ended;
    assert.ok(error instanceof Error && error.message === "the message could not be read");
    assert.ok(error.cause instanceof Error);
    assert.equal(reading.bytes().length, 2_000 - WITHHELD);
  });

  it("ends nothing but itself when it fails and has no reader, or none any more", async () => {
    const unread = new Readable({ read: () => undefined });
    const message = new HeldMessage(unread);
    unread.destroy(new Error("EIO"));
    await turn();
    const half = new Readable({ read: () => undefined });
    const left = new HeldMessage(half);
    left.stream.resume();
    await left.begun;
    half.destroy(new Error("EIO"));
    await assert.rejects(left.held, /EIO/);
    await turn();
    assert.equal(left.stream.destroyed, true);
    message.destroy();
  });
});
