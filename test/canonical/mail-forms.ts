/** Canonical mails by what is in them: the manual's examples, recipients, codings, limits. */
import { certificate } from "../support/certificates";
import { ALARM, LATIN, LOG, sends, STARTTLS, TLS, type CanonicalMail } from "./canonical-mail";
import type { Message } from "./station";

const CHINESE: Message = { ...ALARM, topic: "水位过高", payload: "七号泵水位过高" };
const TRADITIONAL: Message = { ...ALARM, topic: "水位過高", payload: "七號泵水位過高" };
const PASTED = { tlsRoot: "pem", tlsCa: certificate("ca").cert } as const;

const FROM_MANUAL: readonly CanonicalMail[] = [
  {
    name: "manual-3-1-plain",
    about: "The manual's example 3.1: without encryption, two recipients, an attachment.",
    run: sends({ ...ALARM, cc: "boss@example.com", topic: "TEST SMTP", attachments: LOG }),
  },
  {
    name: "manual-3-2-ssl",
    about: "The manual's example 3.2: by SSL from the first byte.",
    node: { ...TLS, ...PASTED },
    run: sends({ ...ALARM, topic: "TEST SMTP", attachments: LOG }),
  },
  {
    name: "manual-3-3-starttls",
    about: "The manual's example 3.3: by STARTTLS.",
    node: { ...STARTTLS, ...PASTED },
    run: sends({ ...ALARM, topic: "TEST SMTP", attachments: LOG }),
  },
];

const PLAIN: readonly CanonicalMail[] = [
  {
    name: "plain-second-mail",
    about: "A second mail with unchanged settings, and a third after the proof of the context has grown old.",
    async run(station) {
      await station.send(ALARM);
      station.transcript.note("the second mail");
      await station.send({ ...ALARM, payload: "Level normal." });
      await station.wait(2);
      station.transcript.note("the third mail");
      await station.send(ALARM);
    },
  },
  {
    name: "plain-subject-only",
    about: "A mail with a subject and nothing else.",
    run: sends({ to: "duty@example.com", topic: "Pump 7 alarm" }),
  },
  {
    name: "plain-no-subject",
    about: "A mail without subject.",
    run: sends({ to: "duty@example.com", payload: "Level too high." }),
  },
  {
    name: "plain-no-login",
    about: "A server without login, a sender without name.",
    node: { senderName: "" },
    credentials: { smtpUser: "", smtpPassword: "" },
    run: sends(ALARM),
  },
  {
    name: "plain-no-apn",
    about: "No APN is set: the definition of the context is left alone.",
    node: { apn: "" },
    run: sends(ALARM),
  },
  {
    name: "plain-context-2",
    about: "Another PDP context, with user and password for its APN, IPv4 and IPv6.",
    node: { contextId: 2, apnAuth: "chap", ipType: "ipv4v6" },
    credentials: { apnUser: "web", apnPassword: "w3b-word" },
    run: sends(ALARM),
  },
  {
    name: "plain-other-sender",
    about: "`msg.from` replaces the sender for one mail only.",
    node: { allowFrom: true },
    async run(station) {
      await station.send({ ...ALARM, from: "tank3@example.com" });
      station.transcript.note("the second mail");
      await station.send(ALARM);
    },
  },
  {
    name: "plain-serial-line",
    about: "On a serial line of 115200 bit/s the recipients are read back, and times follow the line.",
    module: { timing: { line: 115_200 } },
    run: sends({ ...ALARM, cc: "boss@example.com", attachments: LOG }),
  },
];

const RECIPIENTS: readonly CanonicalMail[] = [
  {
    name: "recipients-several",
    about: "Several recipients in To and Cc.",
    run: sends({ ...ALARM, to: "duty@example.com, night@example.com", cc: ["boss@example.com"] }),
  },
  {
    name: "recipients-bcc-private",
    about: "Each Bcc recipient gets a transaction of his own.",
    run: sends({ ...ALARM, bcc: "archive@example.com, audit@example.com", attachments: LOG }),
  },
  {
    name: "recipients-bcc-only",
    about: "Nobody but Bcc recipients.",
    run: sends({ ...ALARM, to: "", bcc: "archive@example.com, audit@example.com" }),
  },
  {
    name: "recipients-bcc-by-module",
    about: "The module writes the Bcc header, as the setting asks for.",
    node: { bccMode: "module" },
    run: sends({ ...ALARM, bcc: "archive@example.com" }),
  },
  {
    name: "recipients-partial-refusal",
    about: "The server refuses one of three: one transaction for each follows.",
    async run(station) {
      station.server.refuse = { "gone@example.com": 550 };
      await station.send(
        { ...ALARM, to: "duty@example.com, gone@example.com", cc: "boss@example.com" },
        "partial",
      );
    },
  },
  {
    name: "recipients-all-refused",
    about: "The server refuses the only recipient.",
    async run(station) {
      station.server.refuse = { "duty@example.com": 550 };
      await station.send(ALARM, "failed");
    },
  },
  {
    name: "recipients-deferred",
    about: "The server defers one of two (450): he is tried again alone, later.",
    async run(station) {
      station.server.refuse = { "later@example.com": 450 };
      const id = await station.accept({ ...ALARM, to: "duty@example.com, later@example.com" });
      await station.wait(1);
      station.server.refuse = {};
      await station.ends(id);
    },
  },
];

/** Every charset by every coding; a module takes what the test says it does. */
const CODINGS: readonly CanonicalMail[] = [
  ...(["raw", "hex"] as const).flatMap((encoding) => {
    const module = { variants: { "subject-coding": encoding, "body-coding": encoding } };
    return [
      {
        name: `text-ascii-${encoding}`,
        about: `Text in ASCII with the setting ${encoding}; a quotation mark in the subject.`,
        module,
        node: { encoding },
        run: sends({ ...ALARM, topic: 'Pump "7" alarm' }),
      },
      {
        name: `text-utf-8-${encoding}`,
        about: `Text in UTF-8, ${encoding}.`,
        module,
        node: { encoding, charset: "utf-8" },
        run: sends({ ...LATIN, payload: "Füllstand 3,2 m \u{1f6a8}" }),
      },
      {
        name: `text-gb2312-${encoding}`,
        about: `Text in GB 2312, ${encoding}.`,
        module,
        node: { encoding, charset: "gb2312" },
        run: sends(CHINESE),
      },
      {
        name: `text-big5-${encoding}`,
        about: `Text in Big5, ${encoding}.`,
        module,
        node: { encoding, charset: "big5" },
        run: sends(TRADITIONAL),
      },
    ];
  }),
  {
    name: "text-auto-hex-subject",
    about:
      "The module is asked how it takes text: subjects in hex, bodies as they are. The second mail asks nothing.",
    async run(station) {
      await station.send(LATIN);
      station.transcript.note("the second mail");
      await station.send(CHINESE);
    },
  },
  {
    name: "text-auto-raw-subject",
    about: "The module is asked how it takes text: all as it is.",
    module: { variants: { "subject-coding": "raw", "body-coding": "raw" } },
    run: sends(LATIN),
  },
  {
    name: "text-auto-unknown-body",
    about: "Older firmware without bodyoriginal: the body is in ASCII, the whole text in message.txt.",
    module: { variants: { "key-bodyoriginal": "absent" } },
    run: sends(LATIN),
  },
  {
    name: "text-charset-that-cannot",
    about: "Text that GB 2312 cannot carry goes in UTF-8.",
    module: { variants: { "subject-coding": "raw", "body-coding": "raw" } },
    node: { encoding: "raw", charset: "gb2312" },
    run: sends({ ...ALARM, topic: "Füllstand \u{1f6a8}", payload: "Füllstand \u{1f6a8}" }),
  },
  {
    name: "text-html",
    about: "An HTML payload: its text in the body, the HTML attached.",
    run: sends({
      ...ALARM,
      payload: '<p>Level <b>too high</b>, see <a href="https://example.com/7">pump 7</a></p>',
    }),
  },
];

const LIMITS: readonly CanonicalMail[] = [
  {
    name: "long-text",
    about: "A text over the limit of a body is whole in message.txt.",
    run: sends({ ...ALARM, payload: "Level too high.\n".repeat(1000) }),
  },
  {
    name: "long-text-hex",
    about: "A text that is over the limit only as hex digits.",
    node: { encoding: "hex", charset: "utf-8" },
    run: sends({ ...ALARM, payload: "Füllstand zu hoch.\n".repeat(350) }),
  },
  {
    name: "body-largest",
    about: "A text as long as a body may be.",
    run: sends({ ...ALARM, payload: "x".repeat(10_240) }),
  },
  {
    name: "long-subject",
    about: "A subject over the limit is cut and stands whole in the text.",
    run: sends({ ...ALARM, topic: `Pump 7: ${"level ".repeat(40)}` }),
  },
  {
    name: "long-subject-of-module",
    about: "A subject of 100 bytes, and one in hex digits that comes near to the limit.",
    node: { encoding: "hex", charset: "utf-8" },
    async run(station) {
      await station.send({ ...ALARM, topic: "s".repeat(100) });
      await station.send({ ...ALARM, topic: "ü".repeat(30) });
    },
  },
];

export const MAIL_FORMS: readonly CanonicalMail[] = [
  ...FROM_MANUAL,
  ...PLAIN,
  ...RECIPIENTS,
  ...CODINGS,
  ...LIMITS,
];
