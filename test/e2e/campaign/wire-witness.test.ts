/** The oracle of the line: what ends a command for the host ends it there. */
import assert from "node:assert/strict";
import { WireWitness } from "../../campaign/fault/wire-witness";

/** What it complains about when the module answers `reply` to one command and the host writes the next. */
function complaintsAbout(reply: string): readonly string[] {
  const witness = new WireWitness();
  witness.opened();
  witness.written(Buffer.from("AT+CEREG?\r"));
  for (const byte of Buffer.from(reply, "latin1")) witness.read(Buffer.from([byte]));
  witness.written(Buffer.from("AT+QSMTPCLR\r"));
  return witness.complaints;
}

describe("The oracle of the line", () => {
  it("takes a reply for one whatever noise has made of the line end before it", () => {
    for (const end of ["\r\n", "\r\x0b", "\r\x08", "\0\n", ""])
      assert.deepEqual(complaintsAbout(`${end}OK\r\n`), [], JSON.stringify(end));
  });

  it("sees a command that was written before the last one was answered", () => {
    for (const reply of ["", "\r\n+CEREG: 0,1\r\n", "\r\nOK", "\r\nO\x0bKAY\r\n"])
      assert.match(
        complaintsAbout(reply).join(),
        /was written while "AT\+CEREG\?" ran/,
        JSON.stringify(reply),
      );
  });

  describe("where the module asks for data that its host does not send", () => {
    /** @param announced the command, and what the module says to it although it has said that it starts */
    const about = (announced: readonly [command: string, reply: string], ...written: readonly string[]) => {
      const witness = new WireWitness();
      witness.opened();
      witness.written(Buffer.from(`${announced[0]}\r`));
      witness.read(Buffer.from(`\r\nRDY\r\n${announced[1]}`));
      for (const text of written) witness.written(Buffer.from(text));
      witness.read(Buffer.from("\r\nOK\r\n"));
      witness.written(Buffer.from("\r".repeat(20)));
      return witness.complaints.join();
    };
    const block = ["AT+QISEND=0,6", "\r\n> "] as const;
    const body = ["AT+QSMTPBODY=0,19,31", "\r\nCONNECT\r\n"] as const;

    it("knows the rest of a question of which a block has taken the beginning", () => {
      assert.equal(about(block, "ATE0Q0V1\r"), "");
      assert.match(about(block, "AT+CEREG?\r"), /no known form: "EG\?"/);
    });

    it("knows the line ends that fill up a block after questions that went into a text", () => {
      assert.equal(about(body, "ATE0Q0V1\r", "AT+CMEE?;+CMEE?\r"), "");
      assert.match(about(body, "Level high\r"), /no known form: ""/);
    });
  });
});
