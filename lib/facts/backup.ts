/**
 * Backup: reads what questions change before the first of them, and puts it back after the last.
 *
 * A setting is put back by the very text in which the module told it. What cannot be read is said beforehand: the body
 * of a mail, and a password that the module masks, whose account is then left alone.
 */
import { parseParameters } from "../at/command";
import { ModemError } from "../errors";
import { BUSY, type Asker } from "./asker";
import { keptForms, keptForRestart, type KeptForm } from "./kept-forms";

/** A module that was seen to refuse its account several times after a start took it some seconds later. */
const ATTEMPTS = 5;
const PAUSE_MS = 3_000;

interface Kept {
  readonly form: KeptForm;
  /** Lines of the answer, header included. */
  readonly lines: readonly string[];
}

export class Backup {
  private constructor(
    private readonly asker: Asker,
    private readonly kept: readonly Kept[],
    /** What a person should know before the first question. */
    readonly notices: readonly string[],
  ) {}

  /** Reads all. Rejects with `SMTP_BUSY` while the module sends a mail; then nothing is changed. */
  static async read(asker: Asker): Promise<Backup> {
    const kept: Kept[] = [];
    try {
      await readAll(asker, kept);
    } catch (error) {
      await new Backup(asker, kept, []).restore();
      throw error;
    }
    const masked = kept.some(({ lines }) => isMasked(lines[0]));
    if (masked) asker.leaveAccount();
    return new Backup(asker, kept, noticesOf(asker, masked));
  }

  /** Puts all back that differs. @returns what could not be put back, in words. */
  async restore(): Promise<readonly string[]> {
    const failed: string[] = [];
    for (const { form, lines } of this.kept) {
      try {
        if (!(await this.restoreOne(form, lines))) failed.push(form.name);
      } catch {
        failed.push(form.name);
      }
    }
    return failed;
  }

  private async restoreOne(form: KeptForm, lines: readonly string[]): Promise<boolean> {
    const secrets = form.private(lines);
    const wanted = lines.map(form.set);
    for (let attempt = 1; ; attempt++) {
      const now = await this.asker.tidy(form.query, { secrets });
      if (now.kind === "ok" && now.lines.map(form.set).join("\n") === wanted.join("\n")) return true;
      if (attempt > ATTEMPTS || isMasked(lines[0])) return false;
      if (attempt > 1) await this.asker.rest(PAUSE_MS);
      for (const line of [...(form.clear === undefined ? [] : [form.clear]), ...wanted]) {
        await this.asker.tidy(line, { secrets, timeoutMs: form.timeoutMs });
      }
    }
  }
}

async function readAll(asker: Asker, kept: Kept[]): Promise<void> {
  const { recording, restart } = asker.tools;
  for (const form of [...keptForms, ...(restart === undefined ? [] : await keptForRestart(asker))]) {
    const reply = await asker.ask(form.query);
    if (reply.kind === "refused" && reply.number === BUSY) throw new ModemError("SMTP_BUSY");
    // What is not known to this firmware is not changed either.
    if (reply.kind === "refused") continue;
    kept.push({ form, lines: reply.lines });
    recording.hide(form.private(reply.lines));
    if (form.during !== undefined) await asker.ask(form.during);
  }
}

function noticesOf(asker: Asker, masked: boolean): readonly string[] {
  const restarts = asker.tools.restart !== undefined;
  return [
    "A mail body that stands in the module is lost; it cannot be read.",
    ...(masked ? ["The module masks its password, so the account is left alone."] : []),
    ...(masked && restarts
      ? ["If the module forgets its account with the restart, it has to be set again."]
      : []),
    ...(asker.tools.connect === undefined || asker.tools.fill === undefined
      ? []
      : ["Up to 90 kB of NOOP lines are sent to the mail server."]),
    ...(asker.tools.send === undefined
      ? []
      : [
          "While the module holds a mail, a TCP connection to the mail server is opened and closed.",
          "Up to 8 mails go to the recipient. Two have a login or a recipient that does not exist. Where security is none, " +
            "one asks for STARTTLS, and a module may send it and the login in clear text all the same.",
        ]),
    ...(restarts ? ["The restart ends all connections and deletes all RAM files."] : []),
  ];
}

/** True for an account whose password is not empty and of asterisks only. */
function isMasked(line: string | undefined): boolean {
  const parameters = parseParameters(line ?? "");
  return parameters.text(0) === "account" && /^\*+$/.test(parameters.text(2) ?? "");
}
