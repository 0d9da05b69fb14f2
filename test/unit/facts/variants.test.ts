import assert from "node:assert/strict";
import { QUESTIONS, type MailSample, type Question } from "../../../lib/facts";
import { variantNames, variantTable, type VariantChoice, type Variants } from "../../../lib/simulator";
import { answersOf, factsRig, type FactsRigOptions } from "./facts-rig";

type VariantName = keyof Variants;

/** Switches that no command on this connection can show without harm, and why. */
const UNSEEN: Readonly<Partial<Record<VariantName, string>>> = {
  "ehlo-name": "is seen by the mail server only",
  "card-start": "is over before a question can be asked",
  "login-words": "is seen by the mail server only",
  "login-plain": "takes a server that offers PLAIN alone",
  "put-result": "shows only with a mail that is sent",
  "long-body": "is seen in the mail that arrives only",
  "full-subject": "is seen in the mail that arrives only",
  "bad-attachment": "would deliver an empty mail",
  "to-header": "is seen in the mail that arrives only",
  "mime-form": "is seen in the mail that arrives only",
  "bcc-header": "is seen in the mail that arrives only",
  "subject-header": "is seen in the mail that arrives only",
  "date-header": "is seen in the mail that arrives only",
  "delete-empty-store": 'takes QFDEL="RAM:*", which would delete the files of others',
  "activate-lost": "takes a network that ends a context",
  "data-mode-other-port": "takes a second port",
  "busy-input": "takes bytes during a command, which may end it",
};

/** Questions that take a real server: test/e2e/facts/sample-mail.test.ts shows each of their answers. */
const SHOWN_WITH_SERVER: readonly VariantName[] = ["starttls-missing", "tls-server-name"];

/** What a module has to be like for a switch to be seen. */
const CIRCUMSTANCES: Readonly<Partial<Record<VariantName, FactsRigOptions>>> = {
  "no-network-info": { network: "none" },
  "refusal-numbers": { refuse: { "facts@facts.invalid": 550 } },
  "send-buffer": { module: { timing: { uplink: 100 } } },
  "close-waits": { peer: "staysOpen" },
};

/** Asked by a file in RAM. */
const IN_RAM: readonly VariantName[] = [
  "attachment-limit",
  "missing-file",
  "list-nothing",
  "list-ram-size",
  "checksum-form",
  "upload-timeout",
];

/** Answers that a variant changes besides its own: what is said before the port is back is not heard. */
const CHANGED_WITH: Readonly<Record<string, readonly VariantName[]>> = {
  "restart-port=vanishes": ["ready-urc"],
  "file-handles=absent": ["first-handle"],
  "ram-storage=406": IN_RAM,
  "ram-storage=400": IN_RAM,
  "ram-storage=error": IN_RAM,
  "ram-storage=3": IN_RAM,
};

/** Refused by the operating system at once, so that nothing is waited for. */
const NOWHERE: MailSample = {
  host: "127.0.0.1",
  port: 1,
  security: "none",
  user: "facts",
  password: "invented",
  sender: "facts@example.com",
  recipient: "facts@example.com",
  contextId: 1,
};

/** A mail server in memory. */
const GREETING = { contextId: 1, host: "127.0.0.1", port: 25 } as const;

const byId = new Map(QUESTIONS.map((question) => [question.id, question]));
const questionOf = (name: VariantName): Question => {
  const question = byId.get(name);
  assert.ok(question, `no question about ${name}`);
  return question;
};
const observable = variantNames.filter((name) => UNSEEN[name] === undefined);

/** The answers of a module with one variant, everything allowed that the question needs. */
async function answersWith(name: VariantName, value: string): Promise<Readonly<Record<string, string>>> {
  const variants: VariantChoice = { [name]: value };
  const rig = await factsRig({ variants, ...CIRCUMSTANCES[name] });
  const { needs } = questionOf(name);
  const report = await rig.ask({
    ...(needs === "connect" ? { connect: GREETING, fill: "allowed" as const } : {}),
    ...(needs === "send" ? { send: NOWHERE } : {}),
    ...(needs === "restart" ? { restart: () => rig.link.restart() } : {}),
  });
  await rig.close();
  assert.deepEqual(report.end, { kind: "complete" });
  return answersOf(report);
}

describe("Facts about the simulated module", () => {
  it("are asked about every variant but those that cannot be seen, which are listed with the reason", () => {
    const asked = QUESTIONS.filter(({ variants }) => variants !== undefined).map(({ id }) => id);
    assert.deepEqual(asked.sort(), [...observable].sort());
    for (const name of observable) {
      assert.deepEqual([...(questionOf(name).variants ?? [])].sort(), [...variantTable[name].values].sort());
    }
  });

  it("prove the size of the send buffer by the bytes that were unacknowledged", async () => {
    const rig = await factsRig({ variants: { "send-buffer": "65536" }, ...CIRCUMSTANCES["send-buffer"] });
    const { facts } = await rig.ask({ connect: GREETING, fill: "allowed" });
    await rig.close();
    const evidence = facts.find(({ id }) => id === "send-buffer")?.evidence.at(-1) ?? "";
    const taken = Number(/with (\d+) unacknowledged$/.exec(evidence)?.[1]);
    assert.ok(taken <= 65_536 && taken > 65_536 - 1460, evidence);
  });

  for (const name of observable.filter((one) => !SHOWN_WITH_SERVER.includes(one))) {
    for (const value of variantTable[name].values) {
      it(`show ${name}=${value}, and every other variant they answer as it is`, async () => {
        const answers = await answersWith(name, value);
        assert.equal(answers[name], value);
        const changed = [name, ...(CHANGED_WITH[`${name}=${value}`] ?? [])];
        for (const other of observable.filter((one) => !changed.includes(one))) {
          const answer = answers[other] ?? "";
          if (!answer.startsWith("notAsked")) assert.equal(answer, variantTable[other].default, other);
        }
      });
    }
  }
});
