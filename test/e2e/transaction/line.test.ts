import assert from "node:assert/strict";
import type { FaultPlan } from "../../../lib/simulator";
import { withoutFlowControl } from "../../support/without-flow-control";
import { attachment, awkwardBytes, mail, mailRig, type MailRig, type MailRigOptions } from "./mail-rig";

/** A UART at 115200 bit/s without RTS/CTS. */
const BARE_UART: MailRigOptions = {
  module: { timing: { line: 115_200 } },
  transport: withoutFlowControl,
};

/** Damages the bytes from the host after the first such command. */
function damage(rig: MailRig, command: string, fault: "drop" | "duplicate" | "corrupt", byte: number): void {
  const undo = rig.module.define((context, next) => {
    if (context.name === command && context.form === "write") {
      undo();
      const kinds = { drop: {}, duplicate: {}, corrupt: { mask: 0x10 } } as const;
      const plan = [{ at: { direction: "host", byte }, fault: { kind: fault, count: 1, ...kinds[fault] } }];
      rig.module.faults.set(plan as FaultPlan);
    }
    return next();
  });
}

describe("bytes on the line to the module", () => {
  const content = awkwardBytes(5_000);
  const withFile = mail({ attachments: [attachment("log.csv", content)] });

  it("are acknowledged block by block where nothing else keeps the module from losing some", async () => {
    const rig = await mailRig(BARE_UART);
    await rig.send(withFile);
    assert.ok(rig.lines().some((line) => /^AT\+QFUPL="RAM:log\.csv",5000,\d+,1$/.test(line)));
    assert.ok((await rig.server.waitForMail()).parsed.attachments[0]?.content.equals(content));
    await rig.stop();
  });

  it("are not acknowledged where the line has flow control", async () => {
    const rig = await mailRig({ module: { timing: { line: 115_200 } } });
    await rig.send(withFile);
    assert.ok(rig.lines().some((line) => /^AT\+QFUPL="RAM:log\.csv",5000,\d+$/.test(line)));
    await rig.stop();
  });

  it("have time according to their number and the rate of the line", async () => {
    const rig = await mailRig({ module: { timing: { line: 9_600 } } });
    await rig.send(mail({ attachments: [attachment("big.bin", awkwardBytes(96_000))] }));
    // 100 s on the line, half as much again, 30 s to begin.
    assert.ok(rig.lines().includes('AT+QFUPL="RAM:big.bin",96000,180'));
    assert.equal(rig.server.received.length, 1);
    await rig.stop();
  });

  for (const [name, options] of [
    ["with flow control", {}],
    ["on a bare UART", BARE_UART],
  ] as const) {
    for (const fault of ["drop", "duplicate", "corrupt"] as const) {
      for (const byte of [1, 1024, 4_999]) {
        it(`are sent again when one of a file is damaged (${fault} ${byte}, ${name})`, async () => {
          const rig = await mailRig(options);
          damage(rig, "+QFUPL", fault, byte);
          await rig.send(withFile);
          const received = await rig.server.waitForMail();
          assert.ok(received.parsed.attachments[0]?.content.equals(content));
          await rig.stop();
        });
      }
    }
  }

  it("of the body are sent again when one is lost", async () => {
    const rig = await mailRig();
    damage(rig, "+QSMTPBODY", "drop", 3);
    await rig.send(mail());
    assert.equal((await rig.server.waitForMail()).parsed.text, "Level too high.\n");
    await rig.stop();
  });

  it("of the password are sent again when the login fails on a UART", async () => {
    const rig = await mailRig(BARE_UART);
    const undo = rig.module.define((context, next) => {
      if (!context.argumentText.startsWith('"account"')) return next();
      undo();
      const damaged = { kind: "string", text: "s3kret-word", raw: '"s3kret-word"' } as const;
      return next({ ...context, parameters: context.parameters.with(2, damaged) });
    });
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
    rig.server.refuse = { auth: 535 };
    await assert.rejects(rig.send(mail()), { code: "SMTP_AUTH_FAILED", class: "setup" });
    await rig.stop();
  });

  it("of a large file are read only as fast as the line takes them", async () => {
    const rig = await mailRig();
    const size = 5 * 1024 * 1024;
    let pulled = 0;
    let handedOver = 0;
    let ahead = 0;
    const piece = Buffer.alloc(64 * 1024, "x");
    const file = {
      filename: "film.mp4",
      size,
      sha256: "0".repeat(64),
      open: async function* () {
        for (pulled = 0; pulled < size; pulled += piece.length) {
          ahead = Math.max(ahead, pulled - handedOver);
          yield piece;
        }
      },
    };
    const prepared = await rig.clock.until(
      rig.mailer.prepare(mail({ attachments: [file] }), {
        signal: new AbortController().signal,
        ageMs: 0,
        possibleDuplicate: false,
        onProgress: ({ stage, done }) => {
          if (stage === "upload") handedOver = done;
        },
      }),
    );
    assert.ok(prepared.kind === "prepared");
    await prepared.abandon();
    assert.equal(handedOver, size);
    assert.ok(ahead <= piece.length, String(ahead));
    await rig.stop();
  });
});
