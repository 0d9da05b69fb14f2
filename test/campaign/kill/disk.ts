/**
 * A disk that outlives the process that writes to it, and of which a power cut takes all that was not flushed.
 *
 * The files lie in the memory of the counting process (faulty-files.ts); the process that is killed asks for each
 * operation and waits for the answer.
 */
import type { FileLayer, FileWriter } from "../../../lib/outbox/spool/files";
import { FaultyFiles } from "../../support/faulty-files";
import type { DiskCall, FromDisk, FromOutbox } from "./messages";

/** The side of the disk. */
export class CampaignDisk {
  private files = new FaultyFiles();
  private readonly writers = new Map<number, FileWriter>();
  private lastWriter = 0;

  /** Of what was not flushed chance keeps a part, as a disk may. */
  cutPower(random: () => number): void {
    this.files.cut();
    this.files = this.files.after(random);
    this.writers.clear();
  }

  /** Never settles when the power is cut meanwhile. */
  async serve(number: number, call: DiskCall): Promise<FromDisk> {
    try {
      return { kind: "answer", number, value: await this.perform(call) };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "EIO";
      return { kind: "error", number, code, message: String(error) };
    }
  }

  private async perform(call: DiskCall): Promise<unknown> {
    const { files } = this;
    switch (call.name) {
      case "makeFolder":
      case "list":
      case "read":
      case "size":
      case "length":
      case "remove":
      case "syncFolder":
        return files[call.name](call.path);
      case "rename":
        return files.rename(call.from, call.to);
      case "create": {
        const writer = await files.create(call.path);
        this.writers.set(++this.lastWriter, writer);
        return this.lastWriter;
      }
      case "write":
        return this.writer(call.writer).writeFile(call.bytes);
      case "sync":
      case "close":
        return this.writer(call.writer)[call.name]();
    }
  }

  private writer(number: number): FileWriter {
    const writer = this.writers.get(number);
    if (writer === undefined) throw new Error("written after the cut");
    return writer;
  }
}

/** The side of the process that is killed. @param tell sends to the disk. */
export function remoteFiles(tell: (message: FromOutbox) => Promise<void>): FileLayer {
  const waiting = new Map<number, (answer: FromDisk) => void>();
  let last = 0;
  process.on("message", (answer: FromDisk) => {
    waiting.get(answer.number)?.(answer);
    waiting.delete(answer.number);
  });
  const ask = async (call: DiskCall): Promise<unknown> => {
    const number = ++last;
    const answered = new Promise<FromDisk>((resolve) => waiting.set(number, resolve));
    await tell({ kind: "disk", number, call });
    const answer = await answered;
    if (answer.kind === "answer") return answer.value;
    throw Object.assign(new Error(answer.message), { code: answer.code });
  };
  const read = async (path: string): Promise<Buffer> =>
    Buffer.from((await ask({ name: "read", path })) as Uint8Array);
  return {
    read,
    async makeFolder(path) {
      await ask({ name: "makeFolder", path });
    },
    async list(path) {
      return (await ask({ name: "list", path })) as string[];
    },
    async *stream(path) {
      yield await read(path);
    },
    async *streamReal(path) {
      yield await read(path);
    },
    async size(path) {
      return Number(await ask({ name: "size", path }));
    },
    async length(path) {
      return Number(await ask({ name: "length", path }));
    },
    async create(path) {
      const writer = Number(await ask({ name: "create", path }));
      return {
        async writeFile(bytes) {
          await ask({ name: "write", writer, bytes });
        },
        async sync() {
          await ask({ name: "sync", writer });
        },
        async close() {
          await ask({ name: "close", writer });
        },
      };
    },
    async rename(from, to) {
      await ask({ name: "rename", from, to });
    },
    async remove(path) {
      await ask({ name: "remove", path });
    },
    async syncFolder(path) {
      await ask({ name: "syncFolder", path });
    },
  };
}
