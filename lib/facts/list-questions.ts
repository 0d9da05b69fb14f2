/** Questions about recipients and attachments: how many, and what wrong ones get (fact base 2.2 and 2.5). */
import { resultValue, type Asker } from "./asker";
import { known, notAsked, unclear, type Answer, type Question } from "./question";

const MOST_RECIPIENTS = 101;
const MOST_ATTACHMENTS = 21;

/** How many of a list are taken in a row; `most` means that many or more. */
async function countAccepted(most: number, accepts: (number: number) => Promise<boolean>): Promise<number> {
  let count = 0;
  while (count < most && (await accepts(count + 1))) count++;
  return count;
}

const shownCount = (count: number, most: number): Answer =>
  count === 0 ? unclear("the first is refused") : known(count === most ? `${most} or more` : count);

async function recipientLimit(asker: Asker): Promise<Answer> {
  await asker.clearMail();
  const count = await countAccepted(MOST_RECIPIENTS, (number) =>
    asker.knows(`AT+QSMTPDST=1,1,"r${number}@example.com"`),
  );
  await asker.clearMail();
  return shownCount(count, MOST_RECIPIENTS);
}

async function attachmentLimit(asker: Asker): Promise<Answer> {
  return asker.files.with(asker, "RAM:", "fact", async (name, uploaded) => {
    if (uploaded.kind === "refused") return unclear("the upload is refused");
    const count = await countAccepted(MOST_ATTACHMENTS, (number) =>
      asker.knows(`AT+QSMTPATT=1,${number},"${name}"`),
    );
    await asker.clearMail();
    return shownCount(count, MOST_ATTACHMENTS);
  });
}

async function sameRecipientTwice(asker: Asker): Promise<Answer> {
  await asker.clearMail();
  await asker.insist('AT+QSMTPDST=1,1,"facts@example.com"');
  const second = await asker.insist('AT+QSMTPDST=1,1,"facts@example.com"');
  const list = await asker.insist("AT+QSMTPDST?");
  await asker.clearMail();
  if (second.kind === "refused") return known("refused");
  return known(list.kind === "ok" && list.lines.length === 2 ? "kept twice" : "kept once");
}

/** Two recipients give two lines of information text in one answer. */
async function framing(asker: Asker): Promise<Answer> {
  await asker.clearMail();
  await asker.insist('AT+QSMTPDST=1,1,"one@example.com"');
  await asker.insist('AT+QSMTPDST=1,1,"two@example.com"');
  await asker.insist("AT+QSMTPDST?");
  const received = asker.tools.recording.received();
  await asker.clearMail();
  if (received === undefined) return notAsked("the bytes of this connection are not recorded");
  const between = /one@example\.com"([\r\n]*)\+QSMTPDST/.exec(received)?.[1];
  if (between === undefined) return unclear("the two recipients are not listed one after the other");
  return known(between === "\r\n" ? "shared" : "separate");
}

async function missingAttachment(asker: Asker): Promise<Answer> {
  return asker.files.withName(asker, "RAM:", async (name) =>
    known(resultValue(await asker.insist(`AT+QSMTPATT=1,1,"${name}"`))),
  );
}

export const listQuestions: readonly Question[] = [
  {
    id: "information-framing",
    asks: "Is there an empty line between two information lines of one answer?",
    expected: { answer: "shared", mark: "B" },
    needs: "nothing",
    variants: ["shared", "separate"],
    transcript: "replay",
    ask: framing,
  },
  {
    id: "recipient-limit",
    asks: "How many recipients may a mail have?",
    expected: { answer: "20", mark: "B" },
    needs: "nothing",
    variants: ["20", "10", "100"],
    transcript: "replay",
    ask: recipientLimit,
  },
  {
    id: "same-recipient",
    asks: "What becomes of a recipient that is added twice?",
    expected: { answer: "kept twice", mark: "C" },
    needs: "nothing",
    transcript: "remark",
    ask: sameRecipientTwice,
  },
  {
    id: "unknown-recipient",
    asks: "What does deleting a recipient that is not there get?",
    expected: { answer: "659", mark: "B" },
    needs: "nothing",
    transcript: "remark",
    ask: async (asker) => known(resultValue(await asker.insist('AT+QSMTPDST=0,1,"nobody@example.com"'))),
  },
  {
    id: "attachment-limit",
    asks: "How many attachments may a mail have?",
    expected: { answer: "10", mark: "B" },
    needs: "nothing",
    variants: ["10", "1"],
    transcript: "replay",
    ask: attachmentLimit,
  },
  {
    id: "missing-attachment",
    asks: "What does attaching a file that is not there get?",
    expected: { answer: "661", mark: "B" },
    needs: "nothing",
    transcript: "remark",
    ask: missingAttachment,
  },
  {
    id: "unused-attachment",
    asks: "What does deleting an attachment that is not there get?",
    expected: { answer: "664", mark: "B" },
    needs: "nothing",
    transcript: "remark",
    ask: async (asker) => known(resultValue(await asker.insist("AT+QSMTPATT=0,1"))),
  },
];
