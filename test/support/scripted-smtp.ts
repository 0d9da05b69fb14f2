/** An SMTP server on loopback that says exactly what a test tells it to: for servers no real software imitates. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

/**
 * What the server does about a line: a reply (lines separated by CR LF), or `(silence)`, `(close)`, `(reset)`. A reply that
 * ends with `(close)` is the last one.
 * `line` is undefined for the greeting.
 */
export type Script = (line: string | undefined) => string;

export class ScriptedSmtp {
  /** Lines received from all clients, in order. */
  readonly lines: string[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly script: Script,
  ) {}

  static async start(script: Script): Promise<ScriptedSmtp> {
    const server = createServer();
    const scripted = new ScriptedSmtp(server, script);
    server.on("connection", (socket) => scripted.serve(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return scripted;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("the server is not running");
    return address.port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, "close");
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.sockets.delete(socket));
    this.answer(socket, undefined);
    let rest = "";
    socket.on("data", (bytes: Buffer) => {
      const lines = (rest + bytes.toString("latin1")).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        this.lines.push(line);
        this.answer(socket, line);
      }
    });
  }

  private answer(socket: Socket, line: string | undefined): void {
    const reply = this.script(line);
    if (reply === "(silence)") return;
    if (reply.endsWith("(close)")) socket.end(reply.slice(0, -"(close)".length));
    else if (reply === "(reset)") socket.resetAndDestroy();
    else socket.write(`${reply}\r\n`);
  }
}

/** A script that behaves well but for the commands named: `{ EHLO: "500 what?" }`; `greeting` is one of them. */
export function wellBehavedBut(exceptions: Readonly<Record<string, string>>): Script {
  const usual: Readonly<Record<string, string>> = {
    greeting: "220 test",
    EHLO: "250-test\r\n250 SIZE 100000",
    HELO: "250 test",
    MAIL: "250 ok",
    RCPT: "250 ok",
    DATA: "354 go on",
    ".": "250 accepted",
    QUIT: "221 bye",
  };
  let inData = false;
  return (line) => {
    const verb = line === undefined ? "greeting" : (line.toUpperCase().split(" ", 1)[0] ?? "");
    if (inData && verb !== ".") return exceptions["line of data"] ?? "(silence)";
    const reply = exceptions[verb] ?? usual[verb] ?? "500 unknown";
    inData = verb === "DATA" && reply.startsWith("354");
    return reply;
  };
}
