import assert from "node:assert/strict";
import type { Node } from "node-red";
import type { EndedAttachment, MailEnded } from "../../../lib/outbox/outbox-types";
import { ModemError } from "../../../lib/errors";
import { unclaimedMessage } from "../../../nodes/runtime/smtp-send/result-message";

describe("The result of a mail whose node is gone", () => {
  const warnings: unknown[] = [];
  const node = {
    id: "outbox",
    type: "quectel-outbox",
    name: "",
    warn: (text: unknown) => warnings.push(text),
  } as unknown as Node;

  const failed = (readBack: EndedAttachment["readBack"]): MailEnded => ({
    id: "abcd2345",
    origin: { nodeId: "send", message: { topic: "Level", attachments: [{ filename: "log.txt", size: 7 }] } },
    subject: "Level",
    result: {
      status: "failed",
      id: "abcd2345",
      accepted: [],
      rejected: [],
      attempts: 1,
      queuedMs: 10,
      bytes: 0,
      warnings: [],
    },
    failure: {
      message: "The server refused it",
      code: "SMTP_TRANSACTION_FAILED",
      hint: "",
      class: "message",
      outcome: "notSent",
      attempts: 1,
    },
    recovered: true,
    attachments: [{ filename: "log.txt", size: 7, readBack, open: () => assert.fail("not asked for") }],
    readText: () => assert.fail("not asked for"),
    waitUntil: () => undefined,
  });

  beforeEach(() => warnings.splice(0));

  it("carries its attachments, so that another node can send it", async () => {
    const message = await unclaimedMessage(
      failed(async () => Buffer.from("12:00 h")),
      node,
    );
    assert.deepEqual(message["attachments"], [{ filename: "log.txt", content: Buffer.from("12:00 h") }]);
    assert.deepEqual(warnings, []);
  });

  it("is told although an attachment cannot be read any more", async () => {
    const gone = (): Promise<Buffer> => Promise.reject(new ModemError("OUTBOX_DAMAGED"));
    const message = await unclaimedMessage(failed(gone), node);
    assert.equal(Object(message["error"]).code, "SMTP_TRANSACTION_FAILED");
    assert.deepEqual(message["attachments"], [{ filename: "log.txt", size: 7 }]);
    assert.match(String(warnings[0]), /abcd2345 cannot be read back/);
  });
});
