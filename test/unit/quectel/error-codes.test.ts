import assert from "node:assert/strict";
import { ERROR_TABLE, ModemError } from "../../../lib/errors";
import { codeOfNumber, errorOfNumber, withModuleCode } from "../../../lib/quectel/error-codes";

const cme = (detail: string, modemCode?: number) =>
  new ModemError("MODEM_CME", {
    detail,
    command: "AT+X",
    ...(modemCode === undefined ? {} : { modemCode }),
  });

describe("error codes of the module", () => {
  it("have a code of their own for every number of the FILE, TCP/IP and SMTP tables", () => {
    const documented = [
      400, 401, 402, 403, 405, 406, 407, 409, 410, 411, 413, 414, 416, 417, 418, 419, 420, 421,
    ];
    for (const number of documented) assert.match(codeOfNumber(number) ?? "", /^FILE_/, String(number));
    for (let number = 550; number <= 579; number++) {
      assert.match(codeOfNumber(number) ?? "", number === 573 ? /^PDP_NO_APN$/ : /^SOCKET_/, String(number));
    }
    for (let number = 651; number <= 682; number++) {
      assert.match(codeOfNumber(number) ?? "", /^SMTP_/, String(number));
    }
  });

  it("are those of the error table", () => {
    for (const [code, { number }] of Object.entries(ERROR_TABLE)) {
      if (number !== undefined) assert.equal(codeOfNumber(number), code);
    }
  });

  for (const [number, code] of [
    [10, "SIM_MISSING"],
    [11, "SIM_PIN_REQUIRED"],
    [12, "SIM_PUK_REQUIRED"],
    [13, "SIM_FAILURE"],
    [14, "SIM_BUSY"],
    [15, "SIM_FAILURE"],
    [16, "SIM_PIN_REFUSED"],
    [30, "NETWORK_NOT_REGISTERED"],
    [32, "NETWORK_DENIED"],
  ] as const) {
    it(`turn CME ${number} into ${code}`, () => {
      const error = withModuleCode(cme(`+CME ERROR: ${number}`, number));
      assert.ok(error instanceof ModemError);
      assert.deepEqual([error.code, error.modemCode, error.command], [code, number, "AT+X"]);
    });
  }

  it("leave a number without a code of its own as it is", () => {
    const error = cme("+CME ERROR: 100", 100);
    assert.equal(withModuleCode(error), error);
    assert.equal(errorOfNumber(100).code, "MODEM_CME");
    assert.equal(errorOfNumber(100).modemCode, 100);
  });

  it("understand words in place of numbers, in any case and punctuation", () => {
    for (const [words, code] of [
      ["SMTP client is busy", "SMTP_BUSY"],
      ["SSL authentication failed.", "SMTP_TLS_FAILED"],
      ["GPRS/CSD context deactivated", "SMTP_PDP_DEACTIVATED"],
      ["File not found", "FILE_NOT_FOUND"],
    ] as const) {
      const error = withModuleCode(cme(`+CME ERROR: ${words}`));
      assert.ok(error instanceof ModemError);
      assert.equal(error.code, code);
    }
    const unknown = cme("+CME ERROR: something new");
    assert.equal(withModuleCode(unknown), unknown);
  });

  it("keep the first error as cause and pass on every other error", () => {
    const first = cme("+CME ERROR: 652", 652);
    const error = withModuleCode(first);
    assert.ok(error instanceof ModemError);
    assert.equal(error.cause, first);
    const other = new ModemError("MODEM_TIMEOUT");
    assert.equal(withModuleCode(other), other);
  });
});
