/** Mails as devices of a LAN write them, and the message that Node-RED's `e-mail mta` makes of one. */
import { simpleParser } from "mailparser";

/** A camera: multipart with a picture, a sender of its own, two recipients in one header. */
export const CAMERA_MAIL = [
  'From: "IPC Gate 3" <ipc@192.168.1.64>',
  "To: <duty@example.com>, <boss@example.com>",
  "Subject: =?UTF-8?B?TW90aW9uIERldGVjdGVkIOKAkyBHYXRlIDM=?=",
  "Date: Sun, 1 Mar 2026 02:03:04 +0100",
  "Message-ID: <20260301020304.1@ipc>",
  "X-Priority: 1",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="=_cam"',
  "",
  "--=_cam",
  "Content-Type: text/plain; charset=utf-8",
  "",
  "EVENT TYPE: Motion Detected",
  "CHANNEL: 1",
  "--=_cam",
  'Content-Type: image/jpeg; name="192.168.1.64_01_2026.jpg"',
  'Content-Disposition: attachment; filename="192.168.1.64_01_2026.jpg"',
  "Content-ID: <pic1@ipc>",
  "Content-Transfer-Encoding: base64",
  "",
  Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4]).toString("base64"),
  "--=_cam--",
  "",
].join("\r\n");

/** A UPS: plain text in Latin-1, no subject, a sender without a domain of the Internet. */
export const UPS_MAIL = Buffer.from(
  [
    "From: UPS@apcA1B2C3",
    "To: Duty Team <duty@example.com>",
    "Content-Type: text/plain; charset=iso-8859-1",
    "Content-Transfer-Encoding: 8bit",
    "",
    "Name: USV Schaltschrank S\u00FCd",
    "UPS: On battery power in response to an input power problem.",
    "",
  ].join("\r\n"),
  "latin1",
);

/** A controller: HTML alone, inline picture, sender with a name. */
export const PLC_MAIL = [
  "From: =?utf-8?Q?S7-1500_F=C3=BCllstand?= <plc@plant.local>",
  "To: duty@example.com",
  "Cc: Boss <boss@example.com>",
  "Subject: Level",
  'Content-Type: multipart/related; boundary="=_plc"',
  "",
  "--=_plc",
  "Content-Type: text/html; charset=utf-8",
  "",
  '<html><body><p>Level <b>94 %</b></p><img src="cid:trend" alt="trend"></body></html>',
  "--=_plc",
  "Content-Type: image/png",
  "Content-ID: <trend>",
  "Content-Disposition: inline",
  "Content-Transfer-Encoding: base64",
  "",
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2]).toString("base64"),
  "--=_plc--",
  "",
].join("\r\n");

/** The message of `e-mail mta` (node-red-node-email 5.2): property for property what it takes from mailparser. */
export async function mtaMessage(raw: string | Buffer): Promise<Record<string, unknown>> {
  const parsed = await simpleParser(raw, {
    skipTextToHtml: true,
    skipTextLinks: true,
    checksumAlgo: "sha256",
  });
  const message: Record<string, unknown> = {
    payload: parsed.text,
    topic: parsed.subject,
    date: parsed.date,
    header: Object.fromEntries(parsed.headers),
    attachments: parsed.attachments,
  };
  if (parsed.html !== false) message["html"] = parsed.html;
  for (const [list, value] of [
    ["to", parsed.to],
    ["cc", parsed.cc],
  ] as const) {
    // One header is an object with its text; several of the same name are a list, which only `cc` passes on.
    if (value !== undefined && !Array.isArray(value)) message[list] = value.text;
    else if (value !== undefined && list === "cc") message[list] = value;
  }
  const [from] = parsed.from?.value ?? [];
  if (from !== undefined) message["from"] = from.address;
  return message;
}
