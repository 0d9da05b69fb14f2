/** The station as the driver sees it: what module and mail server say, and when. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Copy, FromStation, ToStation } from "./messages";

export class Outside {
  readonly copies: Copy[] = [];
  smtpPort = 0;
  /** The module waits for the rest of a file. */
  isUploadOpen = false;
  /** When the module became able, and unable, to take a mail. */
  private readonly changes: { readonly at: number; readonly isReady: boolean }[] = [];

  private constructor(
    private readonly child: ChildProcess,
    private readonly note: (text: string) => void,
  ) {
    child.on("message", (message: FromStation) => this.hear(message));
  }

  /** @param path of the pseudo terminal. @param note takes what happens. */
  static async start(path: string, seed: number, note: (text: string) => void): Promise<Outside> {
    const child = fork(require.resolve("./station"), [path, String(seed)], { execArgv: ["--import", "tsx"] });
    const outside = new Outside(child, note);
    while (outside.smtpPort === 0) await once(child, "message");
    return outside;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The first moment from `from` on at which the module could take a mail; undefined: it could not yet. */
  readyAt(from: number): number | undefined {
    const before = this.changes.findLast(({ at }) => at <= from);
    if (before?.isReady === true) return from;
    return this.changes.find(({ at, isReady }) => at > from && isReady)?.at;
  }

  tell(message: ToStation): void {
    this.note(`station: ${JSON.stringify(message)}`);
    this.child.send(message);
  }

  async end(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.disconnect();
    await ended;
  }

  private hear(message: FromStation): void {
    switch (message.kind) {
      case "serving":
        this.smtpPort = message.smtpPort;
        return;
      case "module":
        this.changes.push({ at: Date.now(), isReady: message.isReady });
        this.note(`the module is ${message.isReady ? "ready" : "busy or away"}`);
        return;
      case "upload":
        this.isUploadOpen = message.isOpen;
        return;
      case "arrived":
        this.copies.push(message.copy);
        this.note(`arrived: ${message.copy.subject}${message.copy.isMarked ? ", marked" : ""}`);
        return;
      case "event":
        this.note(message.text);
        return;
    }
  }
}
