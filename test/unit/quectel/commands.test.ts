/** Command lines and the reading of their answers; the answers are those of the fact base and of field reports. */
import assert from "node:assert/strict";
import { headerOf, type Command } from "../../../lib/at/command";
import { lineKind } from "../../../lib/at/line-kind";
import { clock, networkTime, setClock } from "../../../lib/quectel/commands/clock";
import { serialNumber, setUrcPort, urcPort } from "../../../lib/quectel/commands/general";
import {
  networkInformation,
  operator,
  packetAttached,
  registration,
  signalQuality,
} from "../../../lib/quectel/commands/network";
import {
  activeContexts,
  activateContext,
  contextDefinition,
  defineContext,
  definitionOf,
  lastTcpipError,
  readDeactivation,
} from "../../../lib/quectel/commands/pdp";
import {
  readPingTotal,
  readResolveLine,
  readTimeServerLine,
  resolveHost,
} from "../../../lib/quectel/commands/services";
import { enterPin, iccid, pinTriesLeft, simState } from "../../../lib/quectel/commands/sim";
import { NETWORK } from "../../support/module-replies";

function belongsTo(line: string, command: Command<unknown>): boolean {
  const kind = lineKind(line, { kind: "inFlight", command, echo: "off", echoSeen: false, format: "words" });
  return kind.kind === "information";
}

/** What the command makes of these lines, after checking that they would be taken for its answer. */
function read<T>(command: Command<T>, ...lines: readonly string[]): T {
  for (const line of lines) assert.ok(belongsTo(line, command), line);
  return command.parse({ lines });
}

describe("commands", () => {
  it("read the SIM card's state with and without a blank", () => {
    assert.equal(read(simState(), "+CPIN: READY"), "READY");
    assert.equal(read(simState(), "+CPIN:SIM PIN"), "SIM PIN");
    assert.throws(() => simState().parse({ lines: [] }), { code: "MODEM_ANSWER" });
  });

  it("mark the PIN as secret and refuse one that would end the line", () => {
    assert.deepEqual(enterPin("1234").secrets, ["1234"]);
    assert.throws(() => enterPin('1"\r'), { code: "INVALID_ARGUMENT" });
  });

  it("read the counter of the first PIN among others", () => {
    assert.deepEqual(read(pinTriesLeft(), '+QPINC: "P2",3,10', '+QPINC: "SC",2,9'), { pin: 2, puk: 9 });
    assert.throws(() => pinTriesLeft().parse({ lines: [] }), { code: "MODEM_ANSWER" });
  });

  it("read an ICCID with and without its filler", () => {
    assert.equal(read(iccid(), "+QCCID: 8900101012345678901F"), "8900101012345678901");
    assert.equal(read(iccid(), "+QCCID: 89001010123456789012"), "89001010123456789012");
  });

  it("read registrations in all forms, and tell them from unsolicited ones", () => {
    assert.deepEqual(read(registration("CEREG"), "+CEREG: 0,1"), { stat: 1 });
    assert.deepEqual(read(registration("CREG"), '+CREG: 2,5,"1A2B","0C0FFEE",7'), {
      stat: 5,
      accessTechnology: 7,
    });
    for (const line of ["+CREG: 1", '+CREG: 1,"1A2B","0C0FFEE",7']) {
      assert.equal(belongsTo(line, registration("CREG")), false, line);
    }
  });

  it("read signal, operator and packet service", () => {
    assert.equal(read(signalQuality(), "+CSQ: 24,99"), 24);
    assert.equal(read(operator(), '+COPS: 0,0,"Example, Mobile",7'), "Example, Mobile");
    assert.equal(read(operator(), "+COPS: 0"), undefined);
    assert.equal(read(operator(), '+COPS: 0,0,"M\u00c3\u00bcller"'), "Müller");
    assert.equal(read(packetAttached(), "+CGATT: 1"), true);
  });

  it("read the network's information with quotes, without them, and without network", () => {
    const expected = { technology: "FDD LTE", operator: "00101", band: "LTE BAND 3" };
    assert.deepEqual(read(networkInformation(), '+QNWINFO: "FDD LTE","00101","LTE BAND 3",1300'), expected);
    assert.deepEqual(read(networkInformation(), '+QNWINFO: "FDD LTE",00101,"LTE BAND 3",1300'), expected);
    for (const line of ['+QNWINFO: "NONE"', "+QNWINFO: No Service"]) {
      assert.equal(read(networkInformation(), line), undefined);
    }
    assert.equal(read(networkInformation()), undefined);
  });

  it("read free text and take no unsolicited line for it", () => {
    assert.equal(read(serialNumber(), "861234567890127"), "861234567890127");
    assert.equal(belongsTo("+QIND: SMS DONE", serialNumber()), false);
    assert.equal(belongsTo("RDY", serialNumber()), false);
  });

  it("read and set the port of unsolicited lines", () => {
    assert.equal(read(urcPort(), '+QURCCFG: "urcport","uart1"'), "uart1");
    assert.equal(setUrcPort("usbat").line, 'AT+QURCCFG="urcport","usbat"');
  });

  it("define a context and mark its password as secret", () => {
    const command = defineContext(
      2,
      definitionOf({
        ...NETWORK,
        apn: "a.b",
        apnUser: "u",
        apnPassword: "p,w",
        apnAuth: "either",
        ipType: "ipv6",
      }),
    );
    assert.equal(command.line, 'AT+QICSGP=2,2,"a.b","u","p,w",3');
    assert.deepEqual(command.secrets, ["p,w"]);
  });

  it("refuse a context beyond 16", () => {
    assert.throws(() => activateContext(17), { code: "INVALID_ARGUMENT" });
    assert.throws(() => activateContext(0), { code: "INVALID_ARGUMENT" });
  });

  it("read a definition, and none", () => {
    assert.deepEqual(read(contextDefinition(1), '+QICSGP: 3,"a.b","u","p",2'), {
      type: 3,
      apn: "a.b",
      user: "u",
      password: "p",
      auth: 2,
    });
    assert.equal(read(contextDefinition(1)), undefined);
  });

  it("read active contexts with one address, two or none", () => {
    assert.deepEqual(
      read(
        activeContexts(),
        '+QIACT: 1,1,1,"10.20.30.40"',
        '+QIACT: 2,1,3,"10.20.30.41","2001:db8::1"',
        "+QIACT: 3,0,1",
        "+QIACT: 4,1,2",
      ),
      [
        { contextId: 1, ipType: "ipv4", addresses: ["10.20.30.40"] },
        { contextId: 2, ipType: "ipv4v6", addresses: ["10.20.30.41", "2001:db8::1"] },
        { contextId: 4, ipType: "ipv6", addresses: [] },
      ],
    );
    assert.deepEqual(read(activeContexts()), []);
  });

  it("read the last TCP/IP error, whose text has no quotes", () => {
    assert.deepEqual(read(lastTcpipError(), "+QIGETERROR: 552,invalid parameters"), {
      number: 552,
      text: "invalid parameters",
    });
  });

  it("know which context has ended", () => {
    assert.equal(readDeactivation('+QIURC: "pdpdeact",1'), 1);
    assert.equal(readDeactivation('+QIURC: "pdpdeact",2'), 2);
    assert.equal(readDeactivation('+QIURC: "closed",1'), undefined);
    assert.equal(readDeactivation('+QIURC: "pdpdeact'), undefined);
  });

  it("read what follows a lookup", () => {
    assert.deepEqual(readResolveLine('+QIURC: "dnsgip",0,2,600'), { kind: "result", error: 0, count: 2 });
    assert.deepEqual(readResolveLine('+QIURC: "dnsgip",565'), { kind: "result", error: 565, count: 1 });
    assert.deepEqual(readResolveLine('+QIURC: "dnsgip","192.0.2.1"'), {
      kind: "address",
      address: "192.0.2.1",
    });
    assert.equal(readResolveLine('+QIURC: "recv",1'), undefined);
    assert.equal(readPingTotal('+QPING: 0,"192.0.2.1",32,60,255'), undefined);
    assert.equal(readPingTotal("+QPING: 0,4,3,1,60,70,65"), 3);
    assert.equal(readPingTotal("+QPING: 569"), undefined);
    assert.equal(readPingTotal("+QPING: 565"), 0);
    assert.equal(readTimeServerLine("+QNTP: 565"), "failed");
    assert.equal(readTimeServerLine('+QNTP: 0,"2026/01/02,03:04:05+08"'), Date.UTC(2026, 0, 2, 1, 4, 5));
    assert.equal(readTimeServerLine("+CSQ: 1,1"), undefined);
    assert.throws(() => resolveHost(1, 'a"b'), { code: "INVALID_ARGUMENT" });
  });

  it("read clocks with zones on both sides of Greenwich and in all forms", () => {
    assert.equal(read(clock(), '+CCLK: "26/01/02,03:04:05-20"'), Date.UTC(2026, 0, 2, 8, 4, 5));
    assert.equal(read(clock(), '+CCLK: "26/01/02,03:04:05"'), Date.UTC(2026, 0, 2, 3, 4, 5));
    assert.equal(read(networkTime(), '+QLTS: "2026/01/02,03:04:05+04,0"'), Date.UTC(2026, 0, 2, 2, 4, 5));
    assert.equal(read(networkTime(), '+QLTS: ""'), undefined);
    assert.equal(read(clock(), '+CCLK: "26/13/02,03:04:05+00"'), undefined);
  });

  it("set the clock in UTC", () => {
    assert.equal(setClock(Date.UTC(2026, 0, 2, 3, 4, 5)).line, 'AT+CCLK="26/01/02,03:04:05+00"');
  });

  it("declare the header of every answer they read", () => {
    for (const command of [clock(), networkTime(), operator(), iccid(), simState(), activeContexts()]) {
      for (const header of command.headers) assert.equal(headerOf(`${header}: 1`), header);
    }
  });
});
