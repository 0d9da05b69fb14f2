/** A mail with Cc, text that is not ASCII and an attachment, and one after it with the same attachment. */
import { attachment, awkwardBytes, mail } from "../transaction/mail-rig";
import { testDialogue } from "./dialogue-suite";

const log = attachment("log.csv", awkwardBytes(300));

testDialogue("a mail of 1.5 kB with Cc, UTF-8 and an attachment", [
  mail({
    cc: ["boss@example.com"],
    subject: "Füllstand 水位 🚨",
    text: "Füllstand zu hoch: 3,2 m\r\n水位过高 🚨\r\n".repeat(25),
    attachments: [log],
  }),
  mail({ subject: "Pump 7 again", attachments: [log] }),
]);
