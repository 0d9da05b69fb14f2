import assert from "node:assert/strict";
import { lineKind, type LineContext } from "../../../lib/at/line-kind";
import { asking } from "../../support/at-bench";

function inFlight(more: Partial<LineContext & { kind: "inFlight" }> = {}): LineContext {
  return {
    kind: "inFlight",
    command: asking("AT+CSQ", "+CSQ"),
    echo: "off",
    echoSeen: false,
    format: "words",
    ...more,
  };
}

const kindOf = (line: string, context: LineContext): string => lineKind(line, context).kind;

describe("a line", () => {
  it("is the echo when it equals the command, blanks around either left aside", () => {
    assert.equal(kindOf("AT+CSQ ", inFlight()), "echo");
    assert.equal(kindOf("AT+CSQ", inFlight({ command: asking("AT+CSQ ", "+CSQ") })), "echo");
  });

  it("is foreign when it is another program's command line, also inside a free-text answer", () => {
    const context = inFlight({ command: asking("ATI", undefined, { freeText: true }) });
    for (const line of ["AT", "AT+CPIN=1234", "at+csq", "AT&F0", "ATE0V1", "AT^SYSINFO"]) {
      assert.equal(kindOf(line, context), "foreign", line);
      assert.equal(kindOf(line, { kind: "idle", format: "words" }), "foreign", line);
    }
    for (const line of ["ATTENTION", "ATE", "Quectel"])
      assert.equal(kindOf(line, context), "information", line);
  });

  it("before the echo, where echo is on, is no answer", () => {
    const context = inFlight({ echo: "on" });
    assert.equal(kindOf("OK", context), "foreign");
    assert.equal(kindOf("+CSQ: 1,99", context), "unsolicited");
    assert.equal(kindOf("OK", inFlight({ echo: "on", echoSeen: true })), "result");
    assert.equal(kindOf("OK", inFlight({ echo: "unknown" })), "result");
  });

  it("with blanks around it is the unsolicited word it holds, in a free-text answer too", () => {
    const context = inFlight({ command: asking("ATI", undefined, { freeText: true }) });
    assert.equal(kindOf(" NO CARRIER ", context), "unsolicited");
  });

  it("with a result code and blanks is a result", () => {
    assert.equal(kindOf(" OK ", inFlight()), "result");
  });

  it("out of sync is late when the command that was given up still owed it, else unsolicited", () => {
    const context: LineContext = { kind: "outOfSync", format: "words", last: asking("AT+CSQ", "+CSQ") };
    assert.equal(kindOf("+CSQ: 1,99", context), "late");
    assert.equal(kindOf("OK", context), "late");
    assert.equal(kindOf("AT+CSQ", context), "late");
    assert.equal(kindOf("+QIND: x", context), "unsolicited");
    assert.equal(kindOf("+CSQ: 1,99", { ...context, last: undefined }), "unsolicited");
  });
});
