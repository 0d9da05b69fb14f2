/** The module's mailer on a simulated module that delivers into memory; tests speak to it by the neutral interface. */
import { createHash } from "node:crypto";
import type {
  Ended,
  Mark,
  Outcome,
  OutgoingAttachment,
  OutgoingMail,
  Prepared,
  PrepareOptions,
  Transaction,
} from "../../lib/mailer/mailer";
import { readMessage } from "../../lib/simulator/delivery/read-message";
import { memoryRig, type MemoryRigOptions, type Surroundings } from "./memory-rig";

export type MemoryMailer = Awaited<ReturnType<typeof memoryMailer>>;

/** A mailer whose modem is ready. @param former what an earlier host has left */
export async function memoryMailer(options: MemoryRigOptions = {}, former?: Surroundings) {
  const rig = memoryRig(options, former);
  const { clock, modem, mailer } = rig;
  modem.acquire();
  await clock.run(() => mailer.available);
  const prepare = (one: Transaction, how: Partial<PrepareOptions> = {}): Promise<Prepared | Ended> =>
    clock.until(
      mailer.prepare(one, {
        signal: new AbortController().signal,
        ageMs: 0,
        possibleDuplicate: false,
        ...how,
      }),
      PATIENCE,
    );
  const commit = (prepared: Prepared, signal = new AbortController().signal): Promise<Outcome> =>
    clock.until(prepared.commit(signal), PATIENCE);
  return {
    ...rig,
    prepare,
    commit,
    /** Both phases; what ended it. */
    send: async (one = transaction(), how: Partial<PrepareOptions> = {}): Promise<Outcome> => {
      const prepared = await prepare(one, how);
      return prepared.kind === "prepared" ? commit(prepared) : prepared;
    },
    recover: (one: Transaction, mark: Mark, limitMs = 600_000): Promise<Outcome> =>
      clock.until(mailer.recover(one, mark, { signal: new AbortController().signal, limitMs }), PATIENCE),
    /** Subject and text of each mail that the server has, decoded. */
    readable: (): readonly string[] =>
      rig.server.received.map(({ text }) => {
        const { subject, text: body } = readMessage(Buffer.from(text, "latin1"));
        return `${subject}\n${body}`;
      }),
    /** Command lines that the module got since `from`. */
    lines: (from = 0): readonly string[] => rig.module.log.lines().slice(from),
  };
}

/** Virtual milliseconds that one call may take: a restart of the module included. */
const PATIENCE = 3 * 3600_000;

export function outgoing(parts: Partial<OutgoingMail> = {}): OutgoingMail {
  return {
    id: "mail-1",
    unique: "0123456789abcdef0123456789abcdef",
    raisedAt: 0,
    from: undefined,
    to: ["duty@example.com"],
    cc: [],
    bcc: [],
    subject: "Pump 7 alarm",
    text: "Level too high.",
    attachments: [],
    ...parts,
  };
}

/** A transaction to all recipients of a mail. */
export function transaction(parts: Partial<OutgoingMail> = {}): Transaction {
  const mail = outgoing(parts);
  return { mail, envelope: { to: mail.to, cc: mail.cc, bcc: mail.bcc } };
}

/** An attachment whose content is in memory. @param pieces bytes that are read at a time */
export function attachment(filename: string, content: Uint8Array, pieces = 1_000): OutgoingAttachment {
  return {
    filename,
    size: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
    async *open() {
      for (let at = 0; at < content.length; at += pieces) yield content.subarray(at, at + pieces);
    },
  };
}
