/** The transcripts as the module's side of a dialogue with the AT engine, in pieces of every kind, with and without echo. */
import assert from "node:assert/strict";
import { Channel } from "../../../lib/at/channel";
import type { Command } from "../../../lib/at/command";
import { isModemError } from "../../../lib/errors";
import { FileChecksum } from "../../../lib/quectel/files/upload";
import { FastClock } from "../../support/fast-clock";
import { ReplayTransport } from "../../support/replay-transport";
import { readTranscripts, type Transcript } from "../../support/transcript";
import { exchangesOf, type Exchange } from "./exchanges";

const WHOLE = Number.MAX_SAFE_INTEGER;

describe("the AT engine at the other end of a transcript", () => {
  for (const transcript of readTranscripts()) {
    for (const pieceSize of [1, 2, 7, WHOLE]) {
      for (const echo of [true, false]) {
        const pieces = pieceSize === WHOLE ? "whole answers" : `pieces of ${pieceSize}`;
        const title = `reads ${transcript.name} in ${pieces}, ${echo ? "with" : "without"} echo`;
        it(title, () => replay(transcript, pieceSize, echo));
      }
    }
  }

  it("meets a payload, an acknowledgement, an error, an unsolicited line and information text in them", () => {
    const all = readTranscripts().flatMap(exchangesOf);
    assert.ok(all.some(({ payload }) => payload !== undefined));
    assert.ok(all.some(({ acknowledged }) => acknowledged));
    assert.ok(all.some(({ result }) => result.startsWith("+CME ERROR")));
    assert.ok(all.some(({ unsolicited }) => unsolicited.length > 0));
    assert.ok(all.some(({ information }) => information.length > 1));
  });
});

describe("the checksum of an upload", () => {
  const uploads = readTranscripts().flatMap((transcript) =>
    exchangesOf(transcript).filter(({ header, payload }) => header === "+QFUPL" && payload !== undefined),
  );

  for (const { line, payload, information } of uploads) {
    it(`is the one that the module answered to ${line}`, () => {
      const checksum = new FileChecksum();
      checksum.update(payload ?? Buffer.alloc(0));
      const [, size, value] = /^\+QFUPL: (\d+),([0-9a-f]+)$/i.exec(information[0] ?? "") ?? [];
      assert.equal(checksum.size, Number(size));
      assert.equal(checksum.value, Number.parseInt(value ?? "", 16));
    });
  }
});

async function replay(transcript: Transcript, pieceSize: number, echo: boolean): Promise<void> {
  const clock = new FastClock();
  const transport = new ReplayTransport({ clock, pieceSize, echo });
  const channel = new Channel(transport, { clock });
  const strange: string[] = [];
  let unsolicited: string[] = [];
  channel.on("unsolicited", (line) => unsolicited.push(line));
  for (const event of ["reset", "outOfSync", "foreign"] as const) {
    channel.on(event, () => strange.push(event));
  }
  await clock.until(channel.sync());
  for (const exchange of exchangesOf(transcript)) {
    unsolicited = [];
    transport.begin(exchange.turns(echo));
    const outcome = await clock.until(outcomeOf(channel, exchange));
    await clock.run(() => transport.isQuiet);
    assert.deepEqual(outcome, { information: exchange.information, result: exchange.result }, exchange.line);
    assert.deepEqual(unsolicited, exchange.unsolicited, exchange.line);
    assert.ok(transport.isOver, `${exchange.line} left something unsaid`);
  }
  assert.deepEqual(strange, []);
  await clock.until(channel.close());
  assert.equal(clock.timers, 0);
}

type Outcome = Pick<Exchange, "information" | "result">;

async function outcomeOf(channel: Channel, exchange: Exchange): Promise<Outcome> {
  try {
    return { information: await channel.execute(commandOf(exchange)), result: "OK" };
  } catch (error) {
    if (!isModemError(error)) throw error;
    const result = error.code === "MODEM_CME" ? `+CME ERROR: ${error.modemCode}` : error.code;
    return { information: [], result: result === "MODEM_ERROR" ? "ERROR" : result };
  }
}

function commandOf({ line, header, payload, acknowledged }: Exchange): Command<readonly string[]> {
  return {
    line,
    headers: header === "" ? [] : [header],
    timeoutMs: 60_000,
    ...(payload === undefined ? {} : { payload: { size: payload.length, source: payload, acknowledged } }),
    parse: ({ lines }) => lines,
  };
}
