import assert from "node:assert/strict";
import { help, parseCommandLine, parseMailSample } from "../../../lib/facts/cli-options";

const usual = {
  kind: "run",
  connect: undefined,
  send: undefined,
  restart: "forbidden",
  out: undefined,
  form: "text",
} as const;

describe("The command line of quectel-modem-facts", () => {
  it("names a serial port with its rate, or a TCP server", () => {
    assert.deepEqual(parseCommandLine(["--port", "/dev/ttyUSB2"]), {
      ...usual,
      service: { kind: "serial", path: "/dev/ttyUSB2", baudRate: 115_200 },
    });
    assert.deepEqual(parseCommandLine(["--port", "/dev/ttyS1", "--baud", "9600", "--restart", "--json"]), {
      ...usual,
      service: { kind: "serial", path: "/dev/ttyS1", baudRate: 9600 },
      restart: "allowed",
      form: "json",
    });
    assert.deepEqual(parseCommandLine(["--tcp", "[::1]:2217", "--send", "mail.json", "--out", "t.txt"]), {
      ...usual,
      service: { kind: "tcp", host: "::1", port: 2217 },
      send: "mail.json",
      out: "t.txt",
    });
  });

  it("is refused with a sentence when it names none, both, or something wrong", () => {
    assert.throws(() => parseCommandLine([]), /either --port PATH or --tcp HOST:PORT/);
    assert.throws(() => parseCommandLine(["--port", "a", "--tcp", "b:1"]), /either --port/);
    assert.throws(() => parseCommandLine(["--tcp", "gateway"]), /takes HOST:PORT; "gateway" is none/);
    assert.throws(() => parseCommandLine(["--tcp", "gateway:70000"]), /is none/);
    assert.throws(() => parseCommandLine(["--port", "a", "--baud", "fast"]), /whole number/);
    assert.throws(() => parseCommandLine(["--port", "a", "--erase"]), /erase/);
  });

  it("explains every option", () => {
    assert.deepEqual(parseCommandLine(["--help"]), { kind: "help" });
    for (const option of ["--port", "--baud", "--tcp", "--send", "--restart", "--out", "--json", "--help"]) {
      assert.ok(help.includes(option), option);
    }
  });
});

describe("The settings of a mail that may be sent", () => {
  const settings = {
    host: "mail.example.com",
    port: 465,
    security: "tls",
    user: "pump7",
    password: "s3cret",
    sender: "pump7@example.com",
    recipient: "duty@example.com",
  };

  it("are read from JSON, context 1 if none is named", () => {
    assert.deepEqual(parseMailSample(JSON.stringify(settings)), { ...settings, contextId: 1 });
  });

  it("are refused by the name of what is wrong, never by its value", () => {
    const refusal = (change: object): string => {
      try {
        parseMailSample(JSON.stringify({ ...settings, ...change }));
      } catch (error) {
        return String(error);
      }
      return "";
    };
    assert.match(refusal({ password: 12_345 }), /password of the mail settings/);
    assert.ok(!refusal({ password: 12_345 }).includes("12345"));
    assert.match(refusal({ port: 0 }), /port of the mail settings/);
    assert.match(refusal({ security: "ssl" }), /none, tls or starttls/);
    assert.match(refusal({ contextId: 17 }), /contextId/);
    assert.throws(() => parseMailSample('{"password":"s3cret"'), /^Error: the mail settings are not JSON$/);
  });
});
