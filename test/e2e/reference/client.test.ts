/**
 * What the client writes over the wire, collected from mails of every kind: each form of the manuals that it is said to
 * use is seen there, and nothing else is.
 */
import assert from "node:assert/strict";
import { addressOf, repliesToPing } from "../../../lib/quectel/network/lookups";
import {
  cell,
  change,
  OK,
  setModuleTime,
  simCard,
  simulatorTransport,
  storageSizes,
} from "../../../lib/simulator";
import type { Transport } from "../../../lib/serial/transport";
import { attachment, awkwardBytes, mail, mailRig, PLAIN, type MailRigOptions } from "../transaction/mail-rig";
import { CLIENT_FORMS } from "./client-forms";

type Run = (lines: (of: readonly string[]) => void) => Promise<void>;

const AUTH = { user: PLAIN.user, password: PLAIN.password };
const FILE = attachment("log.csv", awkwardBytes(2000));

/** Sends with a rig of its own; what it wrote is handed over. */
const sending =
  (options: MailRigOptions, work: (rig: Awaited<ReturnType<typeof mailRig>>) => Promise<unknown>): Run =>
  async (collect) => {
    const rig = await mailRig(options);
    await work(rig);
    collect(rig.lines());
    await rig.stop();
  };

const RUNS: Readonly<Record<string, Run>> = {
  "a mail with To, Cc, Bcc, files in both storages, left behind and deleted": sending(
    { settings: { apn: "internet", apnAuth: "pap", apnUser: "u", apnPassword: "p" } },
    async (rig) => {
      rig.module.state(storageSizes).RAM = 4_000;
      const attachments = [FILE, attachment("big.bin", awkwardBytes(5000))];
      await rig.send(mail({ cc: ["boss@example.com"], bcc: ["archive@example.com"], attachments }));
      await rig.clock.run(() => rig.files().length === 0, 10_000);
    },
  ),
  "letters of every charset": async (collect) => {
    for (const charset of ["utf-8", "gb2312", "big5"] as const) {
      await sending({ smtp: { encoding: "auto" }, charset }, async (rig) => {
        await rig.send(mail({ subject: "水", text: "水" }));
      })(collect);
    }
  },
  "TLS with a clock that has to be set by a time server, or by the host": async (collect) => {
    const secure = { server: { tls: "implicit", auth: AUTH }, smtp: { security: "tls" } } as const;
    await sending(secure, async (rig) => {
      setModuleTime(rig.module, Date.UTC(1980, 0, 6), 0);
      rig.module.state(cell).sendsTime = false;
      rig.module.define((context, next) => {
        if (context.name !== "+QNTP") return next();
        context.afterResult(() => rig.module.raiseUrc("+QNTP: 565"));
        return OK;
      });
      await rig.send(mail());
    })(collect);
  },
  "STARTTLS, before and after a restart of the module": sending(
    { server: { tls: "starttls", auth: AUTH }, smtp: { security: "starttls" } },
    async (rig) => {
      await rig.send(mail());
      rig.module.restart("restart");
      await rig.clock.run(() => rig.modem.epoch === 2 && rig.mailer.available);
      await rig.send(mail());
    },
  ),
  "a UART that could lose bytes": sending(
    {
      module: { timing: { line: 115_200 } },
      transport: (module) => () =>
        Object.defineProperty<Transport>(simulatorTransport(module)(), "flowControlled", { value: false }),
    },
    (rig) => rig.send(mail({ attachments: [FILE] })),
  ),
  "a UART with flow control": sending({ module: { timing: { line: 115_200 } } }, (rig) => rig.send(mail())),
  "a SIM card with a PIN, on another port than the module's lines go to": sending(
    {
      settings: { simPin: "4711" },
      modem: { urcPort: () => Promise.resolve("usbmodem") },
      transport: (module) => {
        change(module, simCard, { pin: "4711" });
        module.restart("restart");
        return simulatorTransport(module, { portName: "usbmodem" });
      },
    },
    (rig) => rig.send(mail()),
  ),
  "a mail that climbs the whole ladder": sending({}, async (rig) => {
    rig.module.define((context, next) => {
      if (context.name !== "+QSMTPPUT" || context.form !== "write") return next();
      context.afterResult(() => rig.module.raiseUrc("+QSMTPPUT: 654,0"));
      return OK;
    });
    await assert.rejects(rig.send(mail()), { code: "SMTP_NETWORK" });
  }),
  "a context that cannot be activated": sending({}, async (rig) => {
    change(rig.module, cell, { grantsContext: false });
    await assert.rejects(rig.send(mail()), { code: "PDP_ACTIVATION_FAILED" });
  }),
  "a diagnosis": sending({}, async (rig) => {
    await rig.send(mail());
    await rig.clock.until(addressOf(rig.modem, 1, "mail.example.com"));
    await rig.clock.until(repliesToPing(rig.modem, 1, "mail.example.com"));
  }),
};

describe("the client", () => {
  const written = new Set<string>();
  for (const [what, run] of Object.entries(RUNS)) {
    it(`writes the forms of the manuals and no others: ${what}`, async () => {
      const strange = new Set<string>();
      await run((lines) => {
        for (const line of lines) {
          if (CLIENT_FORMS.filter((form) => form.line.test(line)).length !== 1) strange.add(line);
          written.add(line);
        }
      });
      assert.deepEqual([...strange], []);
    });
  }

  it(`has written each of its ${CLIENT_FORMS.length} forms in these mails`, () => {
    const missing = CLIENT_FORMS.filter(({ line }) => ![...written].some((one) => line.test(one)));
    assert.deepEqual(
      missing.map(({ of, line }) => `${of}: ${line.source}`),
      [],
    );
  });
});
