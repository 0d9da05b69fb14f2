/** smtp-server, but greeting at once: it waits 100 ms for clients that talk too early, in each of thousands of sessions. */
import { SMTPServer } from "smtp-server";

export class PromptSmtpServer extends SMTPServer {
  override connect(...socket: Parameters<SMTPServer["connect"]>): void {
    super.connect(...socket);
    const newest = [...this.connections].at(-1);
    if (newest === undefined) return;
    newest.connectionReady();
    // What the pause would call at its end.
    newest.connectionReady = () => undefined;
  }
}
