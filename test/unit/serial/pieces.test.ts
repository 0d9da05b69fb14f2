/** What a flood on the line costs Node-RED: pieces in turns of the event loop, whatever the operating system has read at once. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { readInPieces } from "../../../lib/serial/base-transport";

describe("Bytes that were read from a line", () => {
  it("leave Node-RED its turns when there are many, in their order and all of them", async () => {
    const chunks = [100, 65_536, 1, 4_096, 70_001].map((size, index) => Buffer.alloc(size, 65 + index));
    let turn = 0;
    const seen: { readonly bytes: Buffer; readonly turn: number }[] = [];
    const stream = new Readable({ highWaterMark: 65_536, read: () => undefined });
    readInPieces(stream, (bytes) => void seen.push({ bytes, turn }));
    const size = chunks.reduce((sum, { length }) => sum + length, 0);
    for (const chunk of chunks) stream.push(chunk);
    const got = (): number => seen.reduce((sum, { bytes }) => sum + bytes.length, 0);
    while (got() < size) {
      const before = got();
      await new Promise((resolve) => setImmediate(resolve));
      turn++;
      // What was small may come between the last piece of one flood and the first of the next.
      assert(got() - before <= 3 * 4_096 + 1, `${got() - before} bytes in turn ${turn}`);
    }
    assert(Buffer.concat(seen.map(({ bytes }) => bytes)).equals(Buffer.concat(chunks)));
    assert(turn > 30);
  });

  it("come at once when they are as few as a module says", () => {
    const stream = new Readable({ read: () => undefined });
    const seen: string[] = [];
    readInPieces(stream, (bytes) => void seen.push(bytes.toString()));
    stream.emit("data", Buffer.from("OK\r\n"));
    assert.deepEqual(seen, ["OK\r\n"]);
  });
});
