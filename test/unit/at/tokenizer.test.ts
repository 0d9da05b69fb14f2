import assert from "node:assert/strict";
import { LONGEST_LINE, Tokenizer, type Token } from "../../../lib/at/tokenizer";
import { assertProportional } from "../../support/proportion";

/** All tokens of `pieces`, data joined, in a form that compares well. */
function tokens(pieces: readonly (string | Buffer)[], prepare?: (tokenizer: Tokenizer) => void): string[] {
  const tokenizer = new Tokenizer();
  prepare?.(tokenizer);
  const seen: string[] = [];
  for (const piece of pieces) {
    tokenizer.push(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece);
    for (let token = tokenizer.next(); token !== undefined; token = tokenizer.next()) seen.push(shown(token));
  }
  return seen;
}

function shown(token: Token): string {
  switch (token.kind) {
    case "line":
      return `line ${token.text}`;
    case "data":
      return `data ${token.bytes.toString("latin1")} (${token.left} left)`;
    case "ack":
    case "prompt":
    case "garbage":
      return token.kind;
  }
}

describe("the tokenizer", () => {
  it("cuts the answer of a module into lines without CR, LF and empty lines", () => {
    assert.deepEqual(tokens(["AT+CSQ\r\r\n+CSQ: 19,99\r\n\r\nOK\r\n"]), [
      "line AT+CSQ",
      "line +CSQ: 19,99",
      "line OK",
    ]);
  });

  it("gives a line out when its LF has come, not at its CR, so that no command runs into the end of a result", () => {
    assert.deepEqual(tokens(["\r\nOK\r"]), []);
    assert.deepEqual(tokens(["\r\nOK\r", "\n"]), ["line OK"]);
  });

  it("ends a numeric result at its CR, because with V0 nothing follows", () => {
    assert.deepEqual(tokens(["0\r"]), ["line 0"]);
    assert.deepEqual(tokens(["ATE0\r0\r"]), ["line ATE0", "line 0"]);
    assert.deepEqual(tokens(["+CSQ: 19,99\r\n", "0\r"]), ["line +CSQ: 19,99", "line 0"]);
  });

  it("takes a line of more digits as text that ends with LF", () => {
    assert.deepEqual(tokens(["\r\n861234567890127\r"]), []);
    assert.deepEqual(tokens(["\r\n861234567890127\r", "\n"]), ["line 861234567890127"]);
  });

  it("parts what a lone CR separates", () => {
    assert.deepEqual(tokens(["AT+CSQ\r+CSQ: 19,99\r\n"]), ["line AT+CSQ", "line +CSQ: 19,99"]);
  });

  it("keeps bytes that come before the last ones were looked at", () => {
    const tokenizer = new Tokenizer();
    tokenizer.push(Buffer.from("\r\nO"));
    tokenizer.push(Buffer.from("K\r\n"));
    assert.equal(shown(tokenizer.next() as Token), "line OK");
  });

  it("drops NUL bytes before and in a line (B6: NULs before the first answer after power-up)", () => {
    assert.deepEqual(tokens(["\0\0\0\r\nRDY\r\n", "\0\r\nO\0K\r\n"]), ["line RDY", "line OK"]);
  });

  it("keeps a byte beyond ASCII at the end of a line to itself (B2: the next line was swallowed)", () => {
    assert.deepEqual(tokens(["+X: caf\xe9\r\nOK\r\n"]), ["line +X: caf\xe9", "line OK"]);
  });

  it("keeps the bytes of a character that two reads cut (B3: two replacement characters)", () => {
    assert.deepEqual(tokens(["+X: \xc3", "\xa4\r\n"]), ["line +X: \xc3\xa4"]);
  });

  describe("with raw bytes expected", () => {
    const four = (tokenizer: Tokenizer): void => tokenizer.expectBytes(4);

    it("gives exactly so many bytes and then lines again", () => {
      assert.deepEqual(tokens(["ab\r\n\r\nOK\r\n"], four), ["data ab\r\n (0 left)", "line OK"]);
    });

    it("looks for no result code in them (P15: binary holding a result ended the read)", () => {
      const eight = (tokenizer: Tokenizer): void => tokenizer.expectBytes(8);
      assert.deepEqual(tokens(["\r\nOK\r\n", "\x1a\0", "\r\nOK\r\n"], eight), [
        "data \r\nOK\r\n (2 left)",
        "data \x1a\0 (0 left)",
        "line OK",
      ]);
    });

    it("can be told between two tokens of one read", () => {
      const tokenizer = new Tokenizer();
      tokenizer.push(Buffer.from("\r\nCONNECT 3\r\nA\r\n\r\nOK\r\n"));
      assert.equal(shown(tokenizer.next() as Token), "line CONNECT 3");
      tokenizer.expectBytes(3);
      assert.equal(shown(tokenizer.next() as Token), "data A\r\n (0 left)");
      assert.equal(shown(tokenizer.next() as Token), "line OK");
      assert.equal(tokenizer.next(), undefined);
    });

    it("forgets them when lines are expected again", () => {
      const tokenizer = new Tokenizer();
      tokenizer.expectBytes(10);
      tokenizer.push(Buffer.from("abc"));
      tokenizer.next();
      tokenizer.expectLines();
      tokenizer.push(Buffer.from("\r\nOK\r\n"));
      assert.equal(shown(tokenizer.next() as Token), "line OK");
    });
  });

  describe("with a prompt expected", () => {
    const prompted = (...pieces: readonly string[]): string[] =>
      tokens(pieces, (tokenizer) => tokenizer.expectPrompt());

    for (const [form, bytes] of [
      ["with a blank", "\r\n> \r\nSEND OK\r\n"],
      ["without one", "\r\n>\r\nSEND OK\r\n"],
      ["with a line end (formatcfg)", "\r\n>\r\n\r\nSEND OK\r\n"],
      ["with a line end behind the blank", "\r\n> \r\n\r\nSEND OK\r\n"],
      ["without a line end before it", "> \r\nSEND OK\r\n"],
    ] as const) {
      it(`takes it ${form}`, () => {
        assert.deepEqual(prompted(bytes), ["prompt", "line SEND OK"]);
        assert.deepEqual(prompted(...bytes.split("")), ["prompt", "line SEND OK"]);
      });
    }

    it("gives it out with its first byte, since no other follows", () => {
      assert.deepEqual(prompted("\r\n>"), ["prompt"]);
    });

    it("gives an echo that ends with CR alone out before it", () => {
      assert.deepEqual(prompted("AT+QISEND=0,3\r> "), ["line AT+QISEND=0,3", "prompt"]);
    });

    it("takes one only, and none inside a line or a line that is thrown away", () => {
      assert.deepEqual(prompted("\r\n> >\r\n>\r\n"), ["prompt", "line  >", "line >"]);
      assert.deepEqual(prompted("a > b\r\n>"), ["line a > b", "prompt"]);
      assert.deepEqual(prompted("x".repeat(LONGEST_LINE + 1), ">\r\n"), ["garbage"]);
    });

    it("takes it for text where none is expected", () => {
      assert.deepEqual(tokens(["\r\n> \r\n"]), ["line > "]);
      const forgotten = tokens(["\r\n>\r\n"], (tokenizer) => {
        tokenizer.expectPrompt();
        tokenizer.expectLines();
      });
      assert.deepEqual(forgotten, ["line >"]);
    });
  });

  describe("with a header expected that ends with a comma", () => {
    const headed = (...pieces: readonly string[]): string[] =>
      tokens(pieces, (tokenizer) => tokenizer.expectHeader("+QIRD"));

    it("ends the line there, wherever it is cut", () => {
      const bytes = "\r\n+QIRD: 12,abc,def\r\n";
      assert.deepEqual(headed(bytes), ["line +QIRD: 12,", "line abc,def"]);
      assert.deepEqual(headed(...bytes.split("")), ["line +QIRD: 12,", "line abc,def"]);
    });

    it("leaves commas of other lines alone", () => {
      for (const line of [
        '+QIURC: "recv",0,12',
        "+QIRD: x,1",
        "+QIRDX: 1,2",
        "+QIRD: 123456,",
        "+CSQ: 1,2",
      ]) {
        assert.deepEqual(headed(`${line}\r\n`), [`line ${line}`]);
      }
    });

    it("takes a line of commas in linear time", async () => {
      // Below the longest line, behind which the rest is passed over, and in one piece, which costs least besides.
      await assertProportional("commas", 8_000, (length) => {
        const line = `+QIRD: ${",".repeat(length)}\r\n`;
        for (let time = 0; time < 20; time++) headed(line);
      });
    });
  });

  describe("with acknowledgements expected", () => {
    const two = (tokenizer: Tokenizer): void => tokenizer.expectAcks(2);

    it("takes each A at the beginning of a line for one, and the result that follows without a line end between", () => {
      assert.deepEqual(tokens(["A", "A\r\n+QFUPL: 2048,3938\r\n\r\nOK\r\n"], two), [
        "ack",
        "ack",
        "line +QFUPL: 2048,3938",
        "line OK",
      ]);
    });

    it("takes no more than are expected", () => {
      assert.deepEqual(tokens(["AAAPP RDY\r\n"], two), ["ack", "ack", "line APP RDY"]);
    });

    it("takes no A inside a line", () => {
      assert.deepEqual(tokens(["+QIND: AA\r\nA"], two), ["line +QIND: AA", "ack"]);
      assert.deepEqual(tokens(["+QIND: ", "AA", "\r", "A\nA"], two), ["line +QIND: AA", "line A", "ack"]);
    });

    it("takes no A inside a line that is thrown away", () => {
      const long = "x".repeat(LONGEST_LINE + 1);
      assert.deepEqual(tokens([long, "A", "A", "\r\n", "A"], two), ["garbage", "ack"]);
    });
  });

  describe("on garbage", () => {
    it("forgets a line that no module writes, tells once, and goes on at the next line end (P16)", () => {
      const piece = "x".repeat(1000);
      const pieces = Array<string>(20).fill(piece);
      assert.deepEqual(tokens([...pieces, "\r\nOK\r\n"]), ["garbage", "line OK"]);
    });

    it("keeps the longest line", () => {
      const line = "y".repeat(LONGEST_LINE);
      assert.deepEqual(tokens([line, "\n"]), [`line ${line}`]);
      assert.deepEqual(tokens([`${line}y`, "\n"]), ["garbage"]);
    });

    it("holds no more than one line, however much comes", () => {
      const tokenizer = new Tokenizer();
      const before = process.memoryUsage().heapUsed;
      for (let count = 0; count < 64 * 1024; count++) {
        tokenizer.push(Buffer.alloc(256, 0x78));
        while (tokenizer.next() !== undefined);
      }
      assert.ok(process.memoryUsage().heapUsed - before < 48 * 1024 * 1024);
    });

    for (const [name, piece] of [
      ["text", Buffer.alloc(64, 0x78)],
      ["CR", Buffer.alloc(64, 0x0d)],
      ["NUL", Buffer.alloc(64, 0x00)],
      ["text and CR", Buffer.from(`${"a".repeat(40)}\r${"b".repeat(23)}`)],
    ] as const) {
      it(`takes 1 MiB of ${name} without LF in 64-byte pieces in linear time (S10: quadratic parsers)`, async () => {
        await assertProportional(name, 16 * 1024, (pieces) => {
          const tokenizer = new Tokenizer();
          for (let count = 0; count < pieces; count++) {
            tokenizer.push(piece);
            while (tokenizer.next() !== undefined);
          }
        });
      });
    }
  });
});
