import assert from "node:assert/strict";
import { Trace, type TraceEntry } from "../../../lib/serial/trace";
import { traceLines } from "../../../nodes/runtime/sidebar/trace-lines";
import { LONGEST_RECORDING_MS, TraceRecording } from "../../../nodes/runtime/sidebar/trace-recording";
import { VirtualClock } from "../../support/virtual-clock";

const AT = Date.UTC(2026, 0, 1, 12, 30, 5, 123);
const entry = (direction: TraceEntry["direction"], text: string): TraceEntry => ({ at: AT, direction, text });
const host = (text: string): TraceEntry => entry("out", text);
const module = (text: string): TraceEntry => entry("in", text);
/** Without the times. */
const shown = (...entries: TraceEntry[]): string[] => traceLines(entries).map((line) => line.slice(13));

describe("The trace for a person", () => {
  it("shows each command line and each answer with its time, however the line was cut", () => {
    const lines = traceLines([
      host("AT+C"),
      host("SQ\r"),
      module("\r\n+CSQ: 20,99\r"),
      module("\n\r\nOK\r\n"),
    ]);
    assert.deepEqual(lines, ["12:30:05.123 > AT+CSQ", "12:30:05.123 < +CSQ: 20,99", "12:30:05.123 < OK"]);
  });

  it("shows of a mail's text, of attachments and of certificates only how long they are", () => {
    const lines = shown(
      host("AT+QSMTPBODY=1,40,60\r"),
      module("\r\nCONNECT\r\n"),
      host("AT noon the door\r\nof pump 7 "),
      host("was open"),
      module("\r\n+QSMTPBODY: 34\r\n\r\nOK\r\n"),
      host("AT+QSMTPPUT=300\r"),
    );
    assert.deepEqual(lines, [
      "> AT+QSMTPBODY=1,40,60",
      "< CONNECT",
      "> <36 bytes>",
      "< +QSMTPBODY: 34",
      "< OK",
      "> AT+QSMTPPUT=300",
    ]);
  });

  it("shows no contents either when it begins in the middle of them", () => {
    const lines = shown(host("secret plans\r\nof pump 7"), host(" and more"), module("\r\nOK\r\n"));
    assert.deepEqual(lines, ["> <30 bytes>", "< OK"]);
  });

  it("shows what a download brings only by its length", () => {
    const lines = shown(
      host('AT+QFDWL="RAM:a.txt"\r'),
      module("\r\nCONNECT\r\nprivate\r\nwords"),
      module("\r\n+QFDWL: 14,1234\r\n\r\nOK\r\n"),
    );
    assert.deepEqual(lines, [
      '> AT+QFDWL="RAM:a.txt"',
      "< CONNECT",
      "< <12 bytes>",
      "< +QFDWL: 14,1234",
      "< OK",
    ]);
  });

  it("shows what a socket carries as the words that stand for it", () => {
    const payload = { at: 0, direction: "out", text: "<26 bytes: AUTH>", isPayload: true } as const;
    const lines = shown(host("AT+QISEND=0,26\r"), module("\r\n> "), payload, module("\r\nSEND OK\r\n"));
    assert.deepEqual(lines, ["> AT+QISEND=0,26", "< > ", "> <26 bytes: AUTH>", "< SEND OK"]);
  });

  it("shows the escape from data state, and control characters as what they are", () => {
    const lines = shown(module("\r\nCONNECT\r\n"), host("+++"), module("\r\nNO CARRIER\r\n"), host("\x1b"));
    assert.deepEqual(lines, ["< CONNECT", "> +++", "< NO CARRIER", "> \\x1b"]);
  });
});

describe("The recording of a trace", () => {
  const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

  function open() {
    const clock = new VirtualClock();
    const trace = new Trace(clock);
    let ends = 0;
    const recording = new TraceRecording(clock, () => void ends++);
    return { clock, trace, recording, ends: () => ends };
  }

  it("is off at first, ends by itself, says so, and keeps what it has", async () => {
    const { clock, trace, recording, ends } = open();
    trace.record("out", latin1("AT\r"));
    assert.equal(recording.endsIn, undefined);
    recording.start(trace);
    trace.record("out", latin1("AT\rAT+CSQ\r"));
    await clock.advance(LONGEST_RECORDING_MS - 1);
    assert.equal(recording.endsIn, 1);
    assert.equal(ends(), 0);
    await clock.advance(1);
    assert.equal(recording.endsIn, undefined);
    assert.equal(trace.enabled, false);
    assert.equal(ends(), 1);
    assert.equal(recording.entries.length, 1);
    assert.equal(clock.timers, 0);
  });

  it("begins anew with each start, and its end is then later", async () => {
    const { clock, trace, recording } = open();
    recording.start(trace);
    trace.record("in", latin1("\r\nfirst\r\n"));
    await clock.advance(LONGEST_RECORDING_MS / 2);
    recording.start(trace);
    assert.deepEqual(recording.entries, []);
    await clock.advance(LONGEST_RECORDING_MS / 2);
    assert.equal(trace.enabled, true);
    recording.stop();
    assert.equal(trace.enabled, false);
  });

  it("goes with its modem", () => {
    const { clock, trace, recording } = open();
    recording.start(trace);
    trace.record("in", latin1("\r\nOK\r\n"));
    recording.drop();
    assert.deepEqual(recording.entries, []);
    assert.equal(trace.enabled, false);
    assert.equal(clock.timers, 0);
  });
});
