/**
 * Questions that take mails of their own, asked only with leave to send: what the module's client does with long texts and
 * subjects, with a server that offers no STARTTLS, with a certificate of another name, and with a refusal.
 *
 * What arrives is seen by the recipient only, so each such mail says in its text what is right.
 */
import { isIP } from "node:net";
import { isModemError } from "../errors";
import { readBlock } from "../quectel/commands/sockets";
import { addressOf } from "../quectel/network/lookups";
import type { Asker, MailSample } from "./asker";
import { behindKey } from "./forms";
import { known, notAsked, unclear, type Answer, type Question } from "./question";
import {
  isTaken,
  REFUSED_LOGIN,
  REFUSED_RECIPIENT,
  sendSample,
  whereTaken,
  type SampleMail,
  type SampleText,
} from "./sample-mail";
import { connectedTo, connectionObstacle, ID, LINE_MS, saysRecv, tried } from "./socket-asking";

const EHLO = Buffer.from("EHLO [192.0.2.1]\r\n");

const resultOf = (mail: SampleMail): Answer =>
  mail.kind === "ended" ? known(mail.result) : unclear(mail.why);

/** Numbered lines of so many bytes in all, the last of which says how many. */
export function numberedText(bytes: number): string {
  const end = `End of a text of ${bytes} bytes.\r\n`;
  let text = "";
  for (let line = 1; text.length < bytes - end.length; line++) {
    text += `${String(line).padStart(4, "0")} of a text that has to come whole and once\r\n`;
  }
  return text.slice(0, bytes - end.length) + end;
}

const longText = (bytes: number) => (asker: Asker) =>
  whereTaken(asker, async (send) => {
    const text: SampleText = { subject: `Facts: a text of ${bytes} bytes`, body: numberedText(bytes) };
    const answer = resultOf(await sendSample(asker, send, text));
    asker.note(
      `please look at this mail: its lines are numbered, each comes once, the last says ${bytes} bytes`,
    );
    return answer;
  });

const longSubject = (bytes: number) => (asker: Asker) =>
  whereTaken(asker, async (send) => {
    const subject = `Facts: a subject of ${bytes} bytes `.padEnd(bytes - 1, ".") + "!";
    const body = `The subject of this mail has ${bytes} bytes and ends with an exclamation mark.\r\n`;
    const answer = resultOf(await sendSample(asker, send, { subject, body }));
    asker.note(`please look at this mail: its subject ends with !, and it is not empty`);
    return answer;
  });

const refused = (what: Partial<MailSample>) => (asker: Asker) =>
  whereTaken(asker, async (send) => {
    if ("user" in what && !asker.mayChangeAccount) return notAsked("the account is left alone");
    const mail = await sendSample(asker, { ...send, ...what });
    return isTaken(mail) ? notAsked("the server does not refuse it") : resultOf(mail);
  });

/** Needs a server in clear text that the person has chosen for it, and its word that it has no STARTTLS. */
const starttlsMissing = (asker: Asker): Promise<Answer> =>
  whereTaken(asker, async (send) => {
    if (send.security !== "none") return notAsked("it takes a server that is used without encryption");
    const offers = await offersStartTls(asker, send);
    if (typeof offers !== "boolean") return offers;
    if (offers) return notAsked("the server offers STARTTLS");
    const mail = await sendSample(
      asker,
      { ...send, security: "starttls" },
      {
        subject: "Facts: STARTTLS that is not offered",
        body: "This mail should not have come: its encryption was asked for and not given.\r\n",
      },
    );
    if (mail.kind === "failed") return unclear(mail.why);
    return known(isTaken(mail) ? "clear" : "error");
  });

async function offersStartTls(asker: Asker, send: MailSample): Promise<boolean | Answer> {
  const obstacle = await connectionObstacle(asker, send.contextId);
  if (obstacle !== undefined) return obstacle;
  return connectedTo(asker, send, async () => {
    await tried(asker, readBlock(ID, "line"));
    const answers = await saysRecv(asker, LINE_MS, EHLO);
    const said = answers ? await tried(asker, readBlock(ID, "line")) : undefined;
    const text = said?.toString("latin1") ?? "";
    if (!/^250 /m.test(text)) return notAsked("the server does not answer EHLO in full");
    return /^250[ -]STARTTLS\b/im.test(text);
  });
}

/** The server is named by its address, which its certificate hardly has. */
const otherName = (asker: Asker): Promise<Answer> =>
  whereTaken(asker, async (send) => {
    if (send.security === "none") return notAsked("no certificate is checked without encryption");
    if (isIP(send.host) !== 0) return notAsked("the server has to be named by its name");
    const context = behindKey(await asker.firstLine('AT+QSMTPCFG="sslctxid"')) ?? "1";
    const level = behindKey(await asker.firstLine(`AT+QSSLCFG="seclevel",${context}`))
      ?.split(",")
      .at(-1);
    if (level === undefined || Number(level) === 0)
      return notAsked(`the module checks no certificate: set seclevel of its TLS context ${context} first`);
    const address = await addressOfHost(asker, send);
    if (address === undefined) return notAsked("the address of the server is not found");
    const mail = await sendSample(
      asker,
      { ...send, host: address },
      {
        subject: "Facts: a certificate of another name",
        body: "This mail came although the certificate of the server has another name.\r\n",
      },
    );
    if (mail.kind === "failed") return unclear(mail.why);
    return known(isTaken(mail) ? "unchecked" : "checked");
  });

async function addressOfHost(asker: Asker, { contextId, host }: MailSample): Promise<string | undefined> {
  asker.goOn();
  try {
    const address = await addressOf(asker.module, contextId, host, asker.tools.signal);
    asker.tools.recording.hide([address]);
    return address;
  } catch (error) {
    if (isModemError(error, "SMTP_DNS_FAILED")) return undefined;
    throw error;
  }
}

const SENT = { answer: "+QSMTPPUT: 0,0", mark: "C" } as const;

/** Answers that are a result line; what arrived is seen by the recipient. */
const results = (
  [
    ["text-3073", "What is the result of a text of 3073 bytes?", SENT, longText(3073)],
    ["text-10000", "What is the result of a text of 10000 bytes?", SENT, longText(10_000)],
    ["subject-99", "What is the result of a subject of 99 bytes?", SENT, longSubject(99)],
    ["subject-100", "What is the result of a subject of 100 bytes?", SENT, longSubject(100)],
    [
      "refused-login",
      "What is the result where the server refuses the login?",
      { answer: "+QSMTPPUT: 677,535", mark: "B" },
      refused(REFUSED_LOGIN),
    ],
    [
      "refused-recipient",
      "What is the result where the server refuses the recipient?",
      { answer: undefined, mark: "C" },
      refused(REFUSED_RECIPIENT),
    ],
  ] as const
).map(([id, asks, expected, ask]): Question => ({
  id,
  asks,
  expected,
  needs: "send",
  transcript: "remark",
  ask,
}));

export const mailQuestions: readonly Question[] = [
  ...results,
  {
    id: "starttls-missing",
    asks: "Does a mail with STARTTLS go out in clear text where the server does not offer it?",
    expected: { answer: "error", mark: "C" },
    needs: "send",
    variants: ["error", "clear"],
    transcript: "remark",
    ask: starttlsMissing,
  },
  {
    id: "tls-server-name",
    asks: "Is a certificate of another name refused?",
    expected: { answer: "unchecked", mark: "C" },
    needs: "send",
    variants: ["unchecked", "checked"],
    transcript: "remark",
    ask: otherName,
  },
];
