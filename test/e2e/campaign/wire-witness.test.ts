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
});
