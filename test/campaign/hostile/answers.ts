/**
 * A module that answers nonsense: random bytes, endless lines, huge numbers, wrong types, replies to nobody. Nothing
 * escapes, nothing stands still, and once it is well again the next mail goes out.
 */
import { isModemError } from "../../../lib/errors";
import { cme, ERROR, NO_CARRIER, OK, type FinalResult } from "../../../lib/simulator";
import { mail } from "../../e2e/transaction/mail-rig";
import { memoryRig } from "../../support/memory-rig";
import type { Dice } from "../fault/dice";
import type { Findings } from "./findings";
import { anyText } from "./values";

const PREFIXES = [
  "",
  "+QSMTPDST: ",
  "+QSMTPSUB: ",
  "+QSMTPBODY: ",
  "+QFUPL: ",
  "+QFLST: ",
  "+QFLDS: ",
  "+QIACT: ",
  "+QICSGP: ",
  "+CEREG: ",
  "+CREG: ",
  "+CPIN: ",
  "+CSQ: ",
  "+CCLK: ",
  "+QURCCFG: ",
  "+QSMTPCFG: ",
  "CONNECT",
  "+CME ERROR: ",
  "+QIURC: ",
  "RDY",
  "+QIND: ",
];
const NONSENSE = [
  "1,1",
  "-1",
  "99999999999999999999",
  '"',
  '"x',
  "1e308",
  "0,",
  ",,,,",
  "\0\0",
  "\x80\xff",
  '"RAM:../x",-5',
  "NaN",
  "4294967296,4294967296",
  "constructor",
  '"__proto__","toString"',
];

function anyLine(dice: Dice): string {
  return dice.pick(PREFIXES) + (dice.hit(0.7) ? dice.pick(NONSENSE) : anyText(dice).slice(0, 200));
}

function anyBytes(dice: Dice): Buffer {
  if (dice.hit(0.05)) return Buffer.alloc(dice.between(9_000, 60_000), dice.pick([0x41, 0x0d, 0x00, 0x3e]));
  if (dice.hit(0.5)) return dice.bytes(dice.between(1, 80));
  return Buffer.from(`\r\n${anyLine(dice)}\r\n`, "latin1");
}

function anyFinal(dice: Dice): FinalResult {
  return dice.pick([OK, OK, OK, ERROR, NO_CARRIER, cme(dice.between(0, 1000))]);
}

/** One spell of nonsense while a mail is to be sent. */
export async function tryAnswers(dice: Dice, found: Findings, where: string): Promise<void> {
  const rig = memoryRig({ module: { timing: { bootMs: 2_000, airMs: 1_000 } } });
  const { clock, module, modem, server } = rig;
  const share = dice.pick([0.1, 0.3, 0.8]);
  const sanity = module.define(async (context, next) => {
    if (!dice.hit(share)) return next();
    for (let count = dice.between(0, 3); count > 0; count--) context.raw(anyBytes(dice));
    if (dice.hit(0.3)) context.info(anyLine(dice));
    return dice.hit(0.3) ? next() : anyFinal(dice);
  });
  let isMad = true;
  const rave = (): void => {
    if (!isMad) return;
    module.noise(anyBytes(dice));
    clock.after(dice.between(10, 20_000), rave);
  };
  rave();
  modem.acquire();
  const letter = mail({ subject: "first" });
  const first = rig.sendNow(letter, {}, 48 * 3600_000).catch((error: unknown) => {
    if (!isModemError(error))
      found.add(/condition not met/.test(String(error)) ? "stuck" : "escaped", where, String(error));
  });
  await first;
  isMad = false;
  sanity();
  module.restart("powerLoss");
  // The supervisor has noticed the restart.
  await clock.advance(120_000);
  found.checkLines(module.log.lines(), where);
  module.log.clear();
  try {
    await clock.run(() => modem.state.name === "ready", 2 * 3600_000);
    await rig.sendNow(mail({ subject: "second" }), {}, 2 * 3600_000);
    if (!server.received.some(({ text }) => text.includes(Buffer.from("second").toString("base64"))))
      found.add("stuck", where, "the next mail did not arrive");
  } catch (error) {
    found.add("stuck", where, `the next mail did not go out: ${String(error)}`);
  }
  found.checkLines(module.log.lines(), where);
  await rig.close();
}
