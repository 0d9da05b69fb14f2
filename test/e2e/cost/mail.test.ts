import assert from "node:assert/strict";
import type { Transaction } from "../../../lib/mailer/mailer";
import { withoutFlowControl } from "../../support/without-flow-control";
import {
  attachment,
  awkwardBytes,
  mail,
  mailRig,
  type MailRig,
  type MailRigOptions,
} from "../transaction/mail-rig";

const BODY = 10 * 1024;
const ATTACHED = 100 * 1024;

/** Bytes of payload that most of the time on the line should be for. */
const REPORT = mail({
  text: "x".repeat(BODY),
  attachments: [attachment("report.bin", awkwardBytes(ATTACHED))],
});

/** Without RTS/CTS the module acknowledges an upload block by block, so that no byte is lost. */
const MODES: readonly (readonly [name: string, options: MailRigOptions])[] = [
  ["flow control", {}],
  ["acknowledged blocks", { transport: withoutFlowControl }],
];

const FIVE = ["+QSMTPCLR", "+QSMTPDST", "+QSMTPSUB", "+QSMTPBODY", "+QSMTPPUT"] as const;

/** `+QIACT` of `AT+QIACT?`. */
const nameOf = (line: string): string | undefined => /^AT([+A-Z]+)/.exec(line)?.[1];

interface Cost {
  readonly lines: number;
  /** In both directions. */
  readonly bytes: number;
  /** Milliseconds on the virtual clock. */
  readonly time: number;
}

async function costOf(rig: MailRig, transaction: Transaction): Promise<Cost> {
  const { module, clock } = rig;
  module.log.clear();
  const began = clock.now();
  await rig.send(transaction);
  const time = clock.now() - began;
  const bytes = module.log.bytes("received", "usbat").length + module.log.bytes("sent", "usbat").length;
  return { lines: module.log.lines().length, bytes, time };
}

describe("what a mail costs on the line", () => {
  let rig: MailRig;

  const start = async (options: MailRigOptions = {}): Promise<void> => {
    rig = await mailRig(options);
  };

  afterEach(() => rig.stop());

  it("is at most 13 command lines for the first mail of a connection", async () => {
    await start();
    assert.ok((await costOf(rig, mail())).lines <= 13);
  });

  it("is 5 command lines and 200 bytes beside subject and text for the next", async () => {
    await start();
    await rig.send(mail());
    const next = mail();
    const { lines, bytes } = await costOf(rig, next);
    assert.equal(lines, 5);
    assert.ok(bytes - next.mail.subject.length - next.mail.text.length <= 200);
  });

  it("is one question more when the context was last seen active more than 60 s ago", async () => {
    await start();
    await rig.send(mail());
    await rig.clock.advance(61_000);
    rig.module.log.clear();
    await rig.send(mail());
    const [clear, ...others] = FIVE;
    assert.deepEqual(rig.lines().map(nameOf), [clear, "+QIACT", ...others]);
  });

  it("is one question more where the line may lose a letter of an address", async () => {
    await start({ module: { timing: { line: 115_200 } }, transport: withoutFlowControl });
    await rig.send(mail());
    rig.module.log.clear();
    await rig.send(mail());
    const [clear, recipient, ...others] = FIVE;
    assert.deepEqual(rig.lines().map(nameOf), [clear, recipient, recipient, ...others]);
  });

  it("is no more than 3 % beside 110 KiB of text and attachment", async () => {
    await start();
    const { bytes } = await costOf(rig, REPORT);
    assert.ok(bytes <= 1.03 * (BODY + ATTACHED));
  });

  for (const [mode, options] of MODES) {
    for (const rate of [115_200, 460_800, 921_600]) {
      it(`is no gap between the bytes at ${rate} bit/s with ${mode}`, async () => {
        await start({ ...options, module: { timing: { line: rate } } });
        const { bytes, time } = await costOf(rig, REPORT);
        assert.ok(time <= (bytes * 10_000) / rate + 1, `${time} ms for ${bytes} bytes`);
      });
    }
  }

  it("is no time at all when line, module and network take none, as on USB", async () => {
    await start();
    assert.equal((await costOf(rig, mail())).time, 0);
    assert.equal((await costOf(rig, REPORT)).time, 0);
  });

  it("is one upload for a file of several transactions", async () => {
    await start();
    const attachments = [attachment("log.csv", awkwardBytes(2000))];
    const { bytes: first } = await costOf(rig, mail({ attachments }));
    const { bytes: second } = await costOf(rig, mail({ to: ["boss@example.com"], attachments }));
    assert.ok(first > 2000);
    assert.ok(second < 1000, `${second} bytes`);
  });
});
