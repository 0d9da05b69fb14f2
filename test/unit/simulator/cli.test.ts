import assert from "node:assert/strict";
import { variantNames, variantTable } from "../../../lib/simulator";
import { help, parseCommandLine } from "../../../lib/simulator/serve/cli-options";
import { traceLine } from "../../../lib/simulator/serve/cli-trace";
import { lifelike, noDelay } from "../../../lib/simulator/device/timing";
import { chooseVariants, listVariants, parseVariant } from "../../../lib/simulator/variants/variants";

describe("The command line of the simulator", () => {
  it("gives ports in their order, and a lifelike module at 115200 baud", () => {
    assert.deepEqual(parseCommandLine(["--tcp", "2217", "--pty", "/tmp/a"]), {
      kind: "run",
      services: [
        { kind: "pty", portName: "usbat", path: "/tmp/a" },
        { kind: "tcp", portName: "usbmodem", host: "127.0.0.1", tcpPort: 2217, telnet: false },
      ],
      variants: {},
      timing: lifelike,
      pin: "",
      hosts: {},
      loopbackOnly: false,
      faultSeed: undefined,
      trace: false,
    });
  });

  it("takes every option", () => {
    const options = parseCommandLine(
      (
        "--tcp 0.0.0.0:1 --telnet --fast --baud 9600 --pin 1234 --trace --faults 7 " +
        "--variant missing-file=418 --variant put-timeout=optional " +
        "--host Mail.example.com=127.0.0.1 --loopback-only"
      ).split(" "),
    );
    assert.deepEqual(options, {
      kind: "run",
      services: [{ kind: "tcp", portName: "usbat", host: "0.0.0.0", tcpPort: 1, telnet: true }],
      variants: { "missing-file": "418", "put-timeout": "optional" },
      timing: { ...noDelay, line: 9600 },
      pin: "1234",
      hosts: { "mail.example.com": "127.0.0.1" },
      loopbackOnly: true,
      faultSeed: 7,
      trace: true,
    });
  });

  const refusals: readonly (readonly [args: readonly string[], reason: RegExp])[] = [
    [[], /--pty PATH or --tcp PORT/],
    [["--tcp", "x"], /\[HOST:\]PORT/],
    [["--tcp", "70000"], /\[HOST:\]PORT/],
    [["--tcp", "1", "--tcp", "2", "--tcp", "3", "--tcp", "4"], /only 3 ports/],
    [["--tcp", "1", "--baud", "1200"], /one of 4800/],
    [["--tcp", "1", "--baud", "fast"], /whole number/],
    [["--tcp", "1", "--pin", "12"], /four to eight digits/],
    [["--tcp", "1", "--variant", "colour=red"], /unknown variant "colour"/],
    [["--tcp", "1", "--variant", "missing-file=404"], /is one of 405, 418/],
    [["--tcp", "1", "--host", "mail"], /NAME=ADDRESS/],
    [["--serial", "x"], /--serial/],
  ];
  for (const [args, reason] of refusals) {
    it(`refuses "${args.join(" ")}" and says why`, () => {
      assert.throws(() => parseCommandLine(args), reason);
    });
  }

  it("explains itself", () => {
    assert.deepEqual(parseCommandLine(["--help"]), { kind: "help" });
    assert.deepEqual(parseCommandLine(["--list-variants"]), { kind: "listVariants" });
    for (const option of ["--pty", "--tcp", "--variant", "--baud", "--pin", "--trace", "--list-variants"]) {
      assert.ok(help.includes(option), option);
    }
  });
});

describe("The variants of the simulated module", () => {
  it("each have a default among at least two values, a description and a source", () => {
    for (const name of variantNames) {
      const { values, default: standard, description, source } = variantTable[name];
      assert.ok(values.length >= 2, name);
      assert.ok((values as readonly string[]).includes(standard), name);
      assert.match(description, /\.$/, name);
      assert.notEqual(source, "", name);
    }
  });

  it("are all listed with the default in brackets", () => {
    const list = listVariants();
    for (const name of variantNames) assert.ok(list.includes(`${name}  `), name);
    assert.match(list, /^missing-file {2}\[405\] 418$/m);
  });

  it("are chosen by name and value", () => {
    assert.deepEqual(parseVariant("missing-file=418"), { "missing-file": "418" });
    assert.equal(chooseVariants({ "missing-file": "418" })["missing-file"], "418");
    assert.equal(chooseVariants()["missing-file"], "405");
    assert.throws(() => chooseVariants({ "missing-file": "404" as "405" }), /not a set of variants/);
  });
});

describe("The trace of the simulator", () => {
  it("shows bytes of both directions, data only by its length", () => {
    const at = 1234;
    assert.equal(
      traceLine({ kind: "received", at, port: "usbat", bytes: Buffer.from("AT\r") }),
      "     1.234 usbat > AT\\r",
    );
    assert.equal(
      traceLine({ kind: "sent", at, port: "usbat", bytes: Buffer.alloc(100, "x") }),
      `     1.234 usbat < ${"x".repeat(64)} ... 100 bytes`,
    );
    assert.match(
      traceLine({ kind: "payload", at, port: "usbat", bytes: Buffer.alloc(9) }) ?? "",
      /9 bytes of data/,
    );
    assert.equal(traceLine({ kind: "event", at, text: "started" }), "     1.234 started");
    assert.equal(traceLine({ kind: "line", at, port: "usbat", text: "AT" }), undefined);
  });
});
