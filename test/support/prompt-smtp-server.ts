/** smtp-server, but greeting at once: it waits 100 ms for clients that talk too early, in each of thousands of sessions. */
import type { Socket } from "node:net";
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

  /** Destroys the socket of a session. */
  drop(session: string): void {
    const connections = [...this.connections] as { readonly id: string; readonly _socket: Socket }[];
    connections.find(({ id }) => id === session)?._socket.destroy();
  }
}
