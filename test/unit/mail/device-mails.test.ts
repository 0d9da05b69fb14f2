/** Mails of devices that reach Node-RED by `e-mail mta` and go out through the modem. */
import assert from "node:assert/strict";
import { readMessage } from "../../../lib/mail/message/message";
import { CAMERA_MAIL, mtaMessage, PLC_MAIL, UPS_MAIL } from "../../support/device-mails";
import { POLICY } from "./support";

const SENDER = "msg.from was not used: the modem's settings do not allow messages to replace the sender.";

describe("The mail of a device", () => {
  it("with a picture keeps recipients, subject, text and picture, and warns of the sender alone", async () => {
    const mail = await readMessage(await mtaMessage(CAMERA_MAIL), {}, POLICY);
    assert.deepEqual(mail.to, ["duty@example.com", "boss@example.com"]);
    assert.equal(mail.subject, "Motion Detected – Gate 3");
    assert.match(mail.text, /^EVENT TYPE: Motion Detected\r\nCHANNEL: 1/);
    assert.deepEqual(
      mail.attachments.map(({ filename, content }) => [
        filename,
        content.kind === "bytes" && content.bytes.length,
      ]),
      [["192.168.1.64_01_2026.jpg", 8]],
    );
    assert.deepEqual([mail.from, mail.replyTo], [undefined, [{ name: "", address: "ipc@192.168.1.64" }]]);
    assert.deepEqual(mail.warnings, [SENDER]);
  });

  it("of plain text without a subject has that of the e-mail node", async () => {
    const mail = await readMessage(await mtaMessage(UPS_MAIL), {}, POLICY);
    assert.deepEqual([mail.to, mail.subject], [["duty@example.com"], "Message from Node-RED"]);
    assert.match(mail.text, /^Name: USV Schaltschrank Süd\r\nUPS: On battery power/);
    assert.deepEqual(mail.replyTo, [{ name: "", address: "UPS@apca1b2c3" }]);
    assert.deepEqual(mail.warnings, [SENDER]);
  });

  it("of HTML keeps it beside the text, with its inline picture", async () => {
    const mail = await readMessage(await mtaMessage(PLC_MAIL), {}, POLICY);
    assert.deepEqual([mail.to, mail.cc], [["duty@example.com"], ["boss@example.com"]]);
    assert.match(mail.text, /Level 94 %/);
    assert.deepEqual(
      mail.attachments.map(({ filename }) => filename),
      ["message.html", "attachment.png"],
    );
    assert.deepEqual(mail.replyTo, [{ name: "", address: "plc@plant.local" }]);
    assert.deepEqual(
      mail.attachments.map(({ place }) => place),
      [
        { kind: "html", isSource: true },
        // The parser has put it into the HTML.
        undefined,
      ],
    );
    assert.deepEqual(mail.warnings, [SENDER]);
  });

  it("has the device as its sender where the settings let it", async () => {
    const mail = await readMessage(await mtaMessage(PLC_MAIL), {}, { ...POLICY, allowFrom: true });
    assert.deepEqual([mail.from, mail.replyTo], [{ name: "", address: "plc@plant.local" }, undefined]);
    assert.deepEqual(mail.warnings, []);
  });

  it("has no HTML of the message beside a text that was chosen in the editor", async () => {
    const mail = await readMessage(await mtaMessage(PLC_MAIL), { body: "Level high" }, POLICY);
    assert.deepEqual(
      [mail.text, mail.attachments.map(({ filename }) => filename)],
      ["Level high", ["attachment.png"]],
    );
    assert.equal(mail.attachments[0]?.place, undefined);
  });

  it("of HTML beside a text keeps both, and has no extract", async () => {
    const message = { ...(await mtaMessage(PLC_MAIL)), payload: "Level 94 %, rising" };
    const mail = await readMessage(message, {}, POLICY);
    assert.equal(mail.text, "Level 94 %, rising");
    const [html] = mail.attachments;
    assert.deepEqual([html?.filename, html?.place], ["message.html", { kind: "html", isSource: false }]);
    assert.deepEqual(mail.warnings, [SENDER]);
  });
});
