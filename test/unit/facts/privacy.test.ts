/** A file of facts is meant to be published: nothing that a module says of its place, card or owner may stand in it. */
import assert from "node:assert/strict";
import { publicLine } from "../../../lib/facts/public-lines";
import { reportText } from "../../../lib/facts/report-text";
import type { FactsReport } from "../../../lib/facts";
import { cell, change } from "../../../lib/simulator";
import { answersOf, checkAnswers, factsRig, type FactsRig } from "./facts-rig";

/** What a module with everything switched on says unasked, and the words of it that nobody else may see. */
const UNASKED = [
  ['+CREG: 1,"1A2B","01C3D4E5",7', "01C3D4E5"],
  ['+CGREG: 5,"2B3C","01C3D4E6",7', "01C3D4E6"],
  ['+CEREG: 1,"3C4D","01C3D4E7",7', "01C3D4E7"],
  ["+CEREG: 1,4D5E,01C3D4E8,7", "01C3D4E8"],
  ['+CMT: "+491701234567",,"26/01/01,10:00:00+04"\r\nMeet me at pier nine', "1701234567", "pier nine"],
  ['+CMT: "+491701234568",,"26/01/01,10:00:00+04"\r\nOK', "1701234568"],
  ['+CMTI: "SM",3', '"SM",3'],
  ['+CDS: 6,17,"+491701234569",145', "1701234569"],
  ["RING", "RING"],
  ['+CLIP: "+491701234560",145,,,,0', "1701234560"],
  ['+CCWA: "+491701234561",145,1', "1701234561"],
  ['+CUSD: 0,"Balance 12.34 EUR",15', "12.34"],
  ["$GPRMC,101010.00,A,5230.1234,N,01322.5678,E,0.0,,010126,,,A*6B", "5230.1234"],
  ["+QGPSLOC: 101010.0,52.50206,13.37613,1.5,35.0,2,0.0,0.0,0.0,010126,07", "52.50206"],
  ['+QIND: "FOTA","HTTPSTART"', "HTTPSTART"],
  ['+QIURC: "dnsgip","198.51.100.7"', "198.51.100.7"],
  ['+QSIMSTAT: 1,1,"8949020000012345678"', "8949020000012345678"],
  ["Gate code 4711", "4711"],
] as const;

const lines = UNASKED.map(([line]) => line);
const secrets = UNASKED.flatMap(([, ...words]) => words);

/** What the module tells whoever asks. */
const HOME = { area: "7F7F", cellId: "0ABCDE9", plmn: "26299" } as const;
const KEPT_SECRET = [
  HOME.area,
  HOME.cellId,
  HOME.plmn,
  "Example Mobile",
  "10.20.30.40",
  "8900101012345678901",
];

async function rigAtHome(): Promise<FactsRig> {
  const rig = await factsRig();
  change(rig.module, cell, HOME);
  await rig.other.configure("AT+CREG=2", "AT+CGREG=2", "AT+CEREG=2");
  return rig;
}

const published = ({ transcript, ...report }: FactsReport): string =>
  [transcript, JSON.stringify(report), reportText({ ...report, transcript })].join("\n");

/** Has the module say all of it around each command and each of its answers. */
function chatter(rig: FactsRig, unasked: readonly string[]): void {
  rig.module.define(async (context, next) => {
    const say = (): void => unasked.forEach((line) => rig.module.raiseUrc(line));
    say();
    context.afterResult(say);
    const result = await next();
    say();
    return result;
  });
}

describe("A file of facts", () => {
  it("holds nothing of place, messages, calls, USSD and position, whenever they arrive", async () => {
    const rig = await rigAtHome();
    chatter(rig, lines);
    const report = await rig.ask({ restart: () => rig.link.restart() });
    const text = published(report);
    for (const secret of [...secrets, ...KEPT_SECRET]) assert.ok(!text.includes(secret), secret);
    assert.equal(report.model, "EC25");
    assert.match(report.firmware, /^EC25EFAR/);
    // Of a line that nobody asked for its header is kept, and it is said that the rest is left out.
    assert.match(text, /\+CMT: \*\*\*/);
    assert.match(text, /left out of \d+ lines/);
  });

  it("says of no point what is not so, however much is said between its questions and their answers", async () => {
    const quiet = answersOf(await (await rigAtHome()).ask());
    const rig = await rigAtHome();
    chatter(rig, lines);
    const answers = answersOf(await rig.ask());
    checkAnswers(answers, quiet);
    const heard = Object.values(answers).filter((answer) => !/^(unclear|notAsked)/.test(answer));
    assert.ok(heard.length > 30, String(heard.length));
  });

  it("holds nothing of them where they come one by one, each time at another moment", async () => {
    for (const offset of [0, 7, 13]) {
      const rig = await rigAtHome();
      let turn = offset;
      rig.module.define(async (context, next) => {
        const line = lines[turn % lines.length] ?? "";
        const moment = turn++ % 3;
        if (moment === 0) rig.module.raiseUrc(line);
        if (moment === 1) context.afterResult(() => rig.module.raiseUrc(line));
        const result = await next();
        if (moment === 2) rig.module.raiseUrc(line);
        return result;
      });
      const text = published(await rig.ask());
      for (const secret of [...secrets, ...KEPT_SECRET]) assert.ok(!text.includes(secret), secret);
    }
  });
});

describe("A line that may be published", () => {
  const asked = new Set([
    "+CREG",
    "+QNWINFO",
    "+COPS",
    "+QIACT",
    "+QICSGP",
    "+QCCID",
    "+QFLDS",
    "+QSSLCFG",
    "+CGDCONT",
  ]);

  for (const [line, shown] of [
    ['+CREG: 2,1,"1A2B","01C3D4E5",7', "+CREG: 2,1,***,***,7"],
    ["+CREG: 2,1,1A2B,01C3D4E5,7", "+CREG: 2,1,***,***,7"],
    ["+CREG: 0,1", "+CREG: 0,1"],
    ['+COPS: 0,0,"Example, Mobile",7', "+COPS: 0,0,***,7"],
    ['+QNWINFO: "FDD LTE","26201","LTE BAND 3",1650', '+QNWINFO: "FDD LTE",***,"LTE BAND 3",***'],
    ['+QNWINFO: "NONE"', '+QNWINFO: "NONE"'],
    ['+QIACT: 1,1,1,"10.20.30.40"', "+QIACT: 1,1,1,***"],
    ['+QICSGP: 1,"internet","card","secret",1', "+QICSGP: 1,***,***,***,1"],
    ['+CGDCONT: 1,"IP","internet","10.20.30.40",0,0', '+CGDCONT: 1,"IP",***,***,***,***'],
    ["+QCCID: 8949020000012345678F", "+QCCID: ***"],
    ["+QFLDS: 123456789,134217728", "+QFLDS: 123456789,134217728"],
    ['+QSSLCFG: "ciphersuite",5,0XFFFF', '+QSSLCFG: "ciphersuite",5,0XFFFF'],
    ['+QIURC: "recv",11', '+QIURC: "recv",11'],
    ['+CNUM: "me","+491701234567",145', "+CNUM: ***"],
    ["Meet me at pier nine", "***"],
    ["OK", "OK"],
    ["EC25EFAR06A06M4G_30.203.30.203", "EC25EFAR06A06M4G_30.203.30.203"],
  ] as const) {
    it(`of ${line} is ${shown}`, () => assert.equal(publicLine(line, asked), shown));
  }
});
