/**
 * ModuleSockets: which of the module's twelve socket ids are ours, kept over restarts of the host.
 *
 * Sockets outlive the program that opened them: the next one finds the id taken (563). An id is recorded with the
 * port it leads to before it is used, and removed after it was closed; so what an earlier process left is closed, and
 * a socket of another program never is. One object serves one modem. Sockets are not used alongside a mail of the
 * module's own client: who connects holds the modem's lock.
 */
import { copyOf, isModemError, ModemError, type ErrorCode } from "../../errors";
import {
  closeSocket,
  readSocketNews,
  SOCKET_IDS,
  socketInfo,
  withTarget,
  type SocketNews,
  type SocketTarget,
  noDataEcho,
  setSocketSetting,
  socketSetting,
  type SocketSetting,
} from "../commands/sockets";
import { ifRefused, type Execute } from "../execute";
import { RecordedNames, type KeyValueStore } from "../key-value-store";
import type { PdpContext } from "../network/pdp";
import { ModuleSocket } from "./module-socket";
import { openConnection, type Attempt } from "./open-socket";
import { whenInStep, type SocketModem } from "./socket-line";

const STORE_KEY = "sockets";

/** Why a module takes no connection at all, whoever the peer is: it has no sockets, or not now. */
export const WITHOUT_SOCKETS: ReadonlySet<string> = new Set([
  "SOCKET_FAILED",
  "SOCKET_PARAMETER",
  "SOCKET_CREATE_FAILED",
  "SOCKET_UNSUPPORTED",
  "SOCKET_NOT_ALLOWED",
] satisfies readonly ErrorCode[]);

/** Milliseconds after which it is believed that a module has no sockets: one that has just started may refuse all alike. */
const BELIEVED_MS = 60_000;

/** The module as it was made ready in one of its starts. */
interface Prepared {
  readonly epoch: number;
  readonly framing: "line" | "comma";
}

export class ModuleSockets {
  private readonly records: RecordedNames;
  /** Records that lead to no socket of ours any more, whether or not the disk has taken that yet. */
  private readonly over = new Set<string>();
  private readonly taken = new Set<number>();
  private readonly live = new Set<ModuleSocket>();
  private prepared: Prepared | undefined;
  /** Since when it has refused everything about sockets, as a moment of the clock. */
  private withoutSince: number | undefined;
  private readonly closing = new Set<Promise<void>>();

  /**
   * @param store that of the modem.
   * @param pdp tells when the context of the connections has ended, which no line does when we have ended it.
   */
  constructor(
    private readonly modem: SocketModem,
    store: KeyValueStore,
    pdp?: Pick<PdpContext, "on">,
  ) {
    this.records = new RecordedNames(store, STORE_KEY);
    pdp?.on("changed", (active) => {
      if (!active) for (const socket of this.live) socket.destroy(new ModemError("PDP_LOST"));
    });
  }

  /**
   * Opens a connection over the context, which has to be active.
   *
   * Rejects with a `SOCKET_*` code, `PDP_NO_APN`, as `Modem.execute`, or with the signal's reason.
   */
  async connect(target: SocketTarget, signal: AbortSignal): Promise<ModuleSocket> {
    try {
      return await this.open(target, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  private async open(target: SocketTarget, signal: AbortSignal): Promise<ModuleSocket> {
    const { epoch, framing } = await this.prepare(signal);
    let refused: unknown = new ModemError("SOCKET_IN_USE");
    for (let id = 0; id < SOCKET_IDS; id++) {
      if (this.taken.has(id)) continue;
      this.taken.add(id);
      const record = recordOf(id, target.port);
      const attempt: Attempt = { isAsked: false };
      try {
        this.over.delete(record);
        await this.records.add(record);
        const opening = new NewsOfOpening(this.modem, id);
        await openConnection(this.modem, id, target, signal, attempt).finally(() => opening.end());
        const release = (error: Error | null): void => {
          // What went wrong may have been set by somebody else meanwhile.
          if (error !== null) this.prepared = undefined;
          this.giveBack(id, record, epoch);
        };
        const socket = new ModuleSocket(this.modem, { id, target, framing, news: opening.news, release });
        this.live.add(socket);
        socket.once("close", () => this.live.delete(socket));
        this.withoutSince = undefined;
        return socket;
      } catch (error) {
        if (isModemError(error, "SOCKET_IN_USE")) {
          this.over.add(record);
          // A disk that does not take the change must not cost the id.
          await this.records.remove(record).finally(() => this.taken.delete(id));
          refused = error;
          continue;
        }
        this.giveBack(id, record, attempt.isAsked ? epoch : undefined, attempt.isTaken);
        throw this.judged(error, target);
      }
    }
    throw refused;
  }

  /** That it has no sockets is at first a guess, and a fault of the setup only where it stays so. */
  private judged(error: unknown, target: SocketTarget): unknown {
    if (!isModemError(error, "SOCKET_UNSUPPORTED")) {
      this.withoutSince = undefined;
      return isOfTarget(error) ? withTarget(error, target) : error;
    }
    const now = this.modem.clock.now();
    this.withoutSince ??= now;
    return now - this.withoutSince < BELIEVED_MS ? error : copyOf(error, { class: "setup" });
  }

  /** Closes what an earlier process left, and makes the module ready; once in each of its starts. */
  private async prepare(signal: AbortSignal): Promise<Prepared> {
    const { epoch } = this.modem;
    if (this.prepared?.epoch === epoch) return this.prepared;
    const execute = <T>(command: Parameters<typeof this.modem.execute<T>>[0]): Promise<T> =>
      this.modem.execute(command, { signal });
    for (const record of await this.records.list()) {
      const { id, port } = readRecord(record);
      if (this.taken.has(id)) continue;
      // Nor does a record that is damaged lead to one.
      if (id < SOCKET_IDS && !this.over.has(record)) {
        const info = await ifRefused(execute(socketInfo(id)), async () => undefined);
        if (info?.remotePort === port) await ifRefused(execute(closeSocket(id)), async () => undefined);
      }
      this.over.add(record);
      await this.records.remove(record);
    }
    const framing = await prepareModule(execute);
    this.prepared = { epoch, framing };
    return this.prepared;
  }

  /** Resolves when every socket that has ended is closed in the module, too; never rejects. */
  async settled(): Promise<void> {
    while (this.closing.size > 0) await Promise.all(this.closing);
  }

  /**
   * @param epoch the start of the module in which it was told to open the socket; undefined: it was never told.
   * @param isTaken of an open that was called off.
   */
  private giveBack(
    id: number,
    record: string,
    epoch: number | undefined,
    isTaken?: Attempt["isTaken"],
  ): void {
    const closing = this.close(id, record, epoch, isTaken).finally(() => this.closing.delete(closing));
    this.closing.add(closing);
  }

  /**
   * Closes the socket in the module, if that still has it, and frees its id. Never rejects. An id that the module was
   * never told to open, or refused to, may be that of another program's connection.
   */
  private async close(
    id: number,
    record: string,
    epoch: number | undefined,
    isTaken: Attempt["isTaken"],
  ): Promise<void> {
    const { modem } = this;
    try {
      if (epoch !== undefined && (isTaken === undefined || !(await isTaken))) {
        await whenInStep(modem, epoch);
        await ifRefused(modem.execute(closeSocket(id)), async () => undefined);
      }
      this.over.add(record);
      await this.records.remove(record);
    } catch (error) {
      // Recorded as it is, it is looked at when the module is there again.
      modem.log.debug(`socket ${id} of the module could not be closed: ${String(error)}`);
    } finally {
      this.taken.delete(id);
    }
  }
}

/** A failure of the connection, which names where it was to lead. */
function isOfTarget(error: unknown): error is ModemError {
  return isModemError(error) && error.code.startsWith("SOCKET_") && error.code !== "SOCKET_UNSUPPORTED";
}

/** What the module says of a socket in the moment of its open, before the stream can have a listener. */
class NewsOfOpening {
  readonly news: SocketNews[] = [];
  private readonly onLine = (line: string): void => {
    const heard = readSocketNews(line);
    if (heard?.id === this.id) this.news.push(heard.news);
  };

  constructor(
    private readonly modem: SocketModem,
    private readonly id: number,
  ) {
    modem.on("unsolicited", this.onLine);
  }

  end(): void {
    this.modem.off("unsolicited", this.onLine);
  }
}

function recordOf(id: number, port: number): string {
  return `${id}:${port}`;
}

/** Both numbers are NaN where the text is no record. */
function readRecord(record: string): { readonly id: number; readonly port: number } {
  const [, id, port] = /^(\d{1,2}):(\d{1,5})$/.exec(record) ?? [];
  return { id: Number(id), port: Number(port) };
}

/**
 * What has to be set in the module before sockets are used, once for each of its starts: no echo of what is sent, raw
 * bytes in both directions, a line end between header and data, no length in the line that says that data wait. The
 * module forgets all of it with its power. What it refuses to set is lived with where that is possible.
 */
const WANTED = { dataformat: [0, 0], viewmode: [0], recvind: [0] } as const satisfies Record<
  SocketSetting,
  readonly number[]
>;

/**
 * Puts the settings right; the result is how the module frames what QIRD gives out.
 *
 * Rejects with `SOCKET_UNSUPPORTED` where the module insists on hex digits, or as the commands do.
 */
async function prepareModule(execute: Execute): Promise<"line" | "comma"> {
  // Not every firmware knows it; one that does not has no echo.
  await ifRefused(execute(noDataEcho()), async () => undefined);
  const rawBytes = await putRight(execute, "dataformat");
  if (!rawBytes) throw new ModemError("SOCKET_UNSUPPORTED", { detail: "data as hex digits (dataformat)" });
  const lineEnd = await putRight(execute, "viewmode");
  await putRight(execute, "recvind");
  return lineEnd ? "line" : "comma";
}

/** True when the setting is as wanted now; a module that does not know it behaves as if it were. */
async function putRight(execute: Execute, name: SocketSetting): Promise<boolean> {
  const wanted = WANTED[name];
  const present = await ifRefused<readonly number[]>(execute(socketSetting(name)), async () => wanted);
  if (wanted.every((value, index) => present[index] === value)) return true;
  return ifRefused(
    execute(setSocketSetting(name, wanted)).then(() => true),
    async () => false,
  );
}
