/** What is believed of the lines of a module, one by one. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ModemState } from "../../../lib/quectel/connection/modem-state";
import { ResultListener, type ListeningModem } from "../../../lib/mailer/qsmtp/put";

const SENT = { error: 0, smtpCode: 0 };
const RESULT = "+QSMTPPUT: 0,0";

describe("the listener for results of mails", () => {
  let events: EventEmitter;
  let listener: ResultListener;

  beforeEach(() => {
    events = new EventEmitter();
    listener = new ResultListener({
      on: events.on.bind(events) as ListeningModem["on"],
      off: events.off.bind(events) as ListeningModem["off"],
    });
  });

  const hear = (...lines: readonly string[]): void =>
    lines.forEach((line) => events.emit("unsolicited", line));
  const enter = (state: ModemState): void => void events.emit("state", state);

  for (const header of [
    '+CMT: "+4915550100",,"26/01/01,12:00:00+04"',
    "+CMT: ,24",
    "+CBM: 1,50,1,1,1",
    "+CDS: 25",
    '+CMGR: "REC UNREAD","+4915550100",,"26/01/01,12:00:00+04"',
    '+CUSD: 1,"Your credit',
    '+QIURC: "recv",0,14',
    '+QMTRECV: 0,1,"topic","text',
  ]) {
    it(`believes no result behind ${header}`, () => {
      hear(header, RESULT);
      assert.equal(listener.result, undefined);
      assert.equal(listener.doubts > 0, true);
    });
  }

  for (const header of [
    '+CMTI: "ME",3',
    '+QIURC: "recv",0',
    '+QIURC: "closed",0',
    "+QIOPEN: 0,0",
    '+QIURC: "pdpdeact",1',
    '+QIND: "csq",20,99',
    "+CREG: 1",
    "RDY",
  ]) {
    it(`believes the result behind ${header}`, () => {
      hear(header, RESULT);
      assert.deepEqual(listener.result, SENT);
    });
  }

  it("believes again what comes after an answer to a question asked after the text", () => {
    hear("+CMT: ,24");
    listener.answered(listener.mark(), true);
    hear(RESULT);
    assert.deepEqual(listener.result, SENT);
  });

  it("does not, when the text began after the question", () => {
    const mark = listener.mark();
    hear("+CMT: ,24");
    assert.equal(listener.isUndisturbedSince(mark), false);
    listener.answered(mark, true);
    hear(RESULT);
    assert.equal(listener.result, undefined);
  });

  it("drops a doubt where the module was busy when it was asked, and no later one", () => {
    hear("+CMT: ,24", RESULT);
    const mark = listener.mark();
    hear(RESULT);
    listener.answered(mark, true);
    assert.equal(listener.doubts > 0, true);
    listener.answered(listener.mark(), true);
    assert.equal(listener.doubts > 0, false);
  });

  it("keeps a doubt where the module was not busy any more", () => {
    hear("+CMT: ,24", RESULT);
    listener.answered(listener.mark(), false);
    assert.equal(listener.doubts > 0, true);
    assert.equal(listener.isInText, false);
  });

  it("takes a text for over when the module has been found anew, not while it is looked for", () => {
    hear("+CMT: ,24");
    enter({ name: "ready" });
    assert.equal(listener.isInText, true);
    enter({ name: "connecting" });
    hear(RESULT);
    assert.equal(listener.result, undefined);
    enter({ name: "registering", waitingFor: "sim" });
    hear(RESULT);
    assert.deepEqual(listener.result, SENT);
  });

  it("listens no more once it is closed", () => {
    listener.close();
    hear(RESULT);
    assert.equal(listener.result, undefined);
    assert.equal(events.listenerCount("state"), 0);
  });
});
