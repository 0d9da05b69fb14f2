/** The mailbox of the simulated network: it reads what the module writes, and takes only what is sent to it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { inboxServer, type InboxMail } from "../../../lib/simulator/delivery/inbox";
import { mimeMessage, usualForm, type MimeMail } from "../../../lib/simulator/delivery/mime";
import { readMessage } from "../../../lib/simulator/delivery/read-message";

const plain: MimeMail = {
  senderName: "Pump 7",
  senderAddress: "pump7@example.com",
  to: ["duty@example.com"],
  cc: [],
  bcc: [],
  subject: { charset: 0, bytes: Buffer.from("Level high") },
  body: { charset: 0, bytes: Buffer.from("94 %") },
  attachments: [],
};

const read = (mail: Partial<MimeMail>, form = usualForm): ReturnType<typeof readMessage> =>
  readMessage(Buffer.concat([...mimeMessage({ ...plain, ...mail }, form)]));

const utf8 = (text: string): MimeMail["subject"] => ({ charset: 1, bytes: Buffer.from(text) });

describe("the mailbox of the simulated modem", () => {
  it("reads any subject and text back as they were handed to the module", () => {
    const line = fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\p{C}\p{Z}]/gu, "_"));
    fc.assert(
      fc.property(line, line, (subject, text) => {
        assert.deepEqual(read({ subject: utf8(subject), body: utf8(text) }), {
          subject,
          text,
          attachments: [],
        });
      }),
    );
  });

  it("reads Chinese in each of its charsets, and a subject that is no encoded word", () => {
    const gb2312 = { charset: 2, bytes: Buffer.from("cec2b6c8", "hex") } as const;
    const big5 = { charset: 3, bytes: Buffer.from("b7c5abd7", "hex") } as const;
    assert.equal(read({ subject: gb2312 }).subject, "温度");
    assert.equal(read({ body: big5 }).text, "溫度");
    assert.equal(read({}, { ...usualForm, plainSubject: true }).subject, "Level high");
  });

  it("names attachments and tells their sizes", () => {
    const attachments = [{ fileName: "RAM:report.csv", read: () => Buffer.alloc(1000, "1,2\n") }];
    assert.deepEqual(read({ attachments }).attachments, [{ name: "report.csv", bytes: 1000 }]);
  });

  it("takes what is sent to its host and leaves the rest to other servers", async () => {
    const received: InboxMail[] = [];
    const server = inboxServer("inbox.simulated", (mail) => received.push(mail));
    const delivery = { sender: "a@example.com", recipients: ["b@example.com"] };
    const message = [...mimeMessage(plain)];
    assert.equal(server({ ...delivery, host: "127.0.0.1", message }), undefined);
    assert.deepEqual(await server({ ...delivery, host: "INBOX.SIMULATED", message }), {
      err: 0,
      protocolError: 0,
    });
    assert.deepEqual(received, [
      {
        from: "a@example.com",
        to: ["b@example.com"],
        subject: "Level high",
        text: "94 %",
        attachments: [],
      },
    ]);
  });
});
