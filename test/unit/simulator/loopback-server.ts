/** A real TCP server on loopback whose end of each connection is in the hands of the test. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { internet } from "../../../lib/simulator";
import { Dialogue, type DialogueOptions } from "./dialogue";

export class LoopbackServer {
  /** Connections, oldest first. */
  readonly peers: Socket[] = [];
  private readonly bytes = new WeakMap<Socket, Buffer[]>();
  private readonly server = createServer({ allowHalfOpen: true, noDelay: true }, (peer) => {
    const pieces: Buffer[] = [];
    this.bytes.set(peer, pieces);
    peer.on("data", (piece: Buffer) => pieces.push(piece));
    peer.on("error", () => undefined);
    this.peers.push(peer);
  });

  private constructor() {}

  static async listen(): Promise<LoopbackServer> {
    const server = new LoopbackServer();
    server.server.listen(0, "127.0.0.1");
    await once(server.server, "listening");
    return server;
  }

  get port(): number {
    const address = this.server.address() as AddressInfo;
    return address.port;
  }

  /** The newest connection. @throws when there is none. */
  get peer(): Socket {
    const peer = this.peers.at(-1);
    if (peer === undefined) throw new Error("nobody has connected");
    return peer;
  }

  /** What the newest connection has brought, one character a byte. */
  get received(): string {
    const pieces = this.peers.length === 0 ? [] : (this.bytes.get(this.peer) ?? []);
    return Buffer.concat(pieces).toString("latin1");
  }

  async close(): Promise<void> {
    for (const peer of this.peers) peer.destroy();
    this.server.close();
    await once(this.server, "close");
  }
}

/** A terminal at a module with an active context that reaches loopback, `mail.example.com` included, and a server there. */
export class SocketBench {
  private constructor(
    readonly host: Dialogue,
    readonly server: LoopbackServer,
  ) {}

  static async open(options: DialogueOptions = {}): Promise<SocketBench> {
    const bench = new SocketBench(new Dialogue(options), await LoopbackServer.listen());
    Object.assign(bench.host.modem.state(internet), {
      loopbackOnly: true,
      hosts: { "mail.example.com": "127.0.0.1" },
    });
    await bench.host.configure("AT+QISDE=0", "AT+QIACT=1");
    return bench;
  }

  /** Sends bytes and waits until `answer` has come, before anything else. */
  async exactly(bytes: string | Uint8Array, answer: string): Promise<void> {
    if (bytes.length > 0) this.host.write(bytes);
    const literal = answer.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    await this.host.expect(new RegExp(`^${literal}`));
  }

  /** Opens a connection to the server as socket `id` and waits for both ends. */
  async connect(id = 0, mode = 0): Promise<void> {
    const { server, host } = this;
    const before = server.peers.length;
    await host.configure(`AT+QIOPEN=1,${id},"TCP","mail.example.com",${server.port},0,${mode}`);
    await host.urc(`+QIOPEN: ${id},0`);
    await host.clock.run(() => server.peers.length > before);
  }

  /** Sends a block by QISEND and returns the result. */
  async send(id: number, block: string | Uint8Array): Promise<string> {
    this.host.write(`AT+QISEND=${id},${block.length}\r`);
    const begun = await this.host.expect(/\r\n(> ?|ERROR\r\n)$/);
    if (begun.includes("ERROR")) return "ERROR";
    this.host.write(block);
    return (await this.host.expect(/\r\n(SEND OK|SEND FAIL|ERROR)\r\n/)).trim();
  }

  /** Waits until the server has got as many bytes as `text` has, and compares. */
  async arrived(text: string): Promise<void> {
    await this.host.clock.run(() => this.server.received.length >= text.length);
    if (this.server.received !== text) throw new Error("the server got other bytes");
  }

  async close(): Promise<void> {
    this.host.modem.powerOff();
    await this.server.close();
  }
}
