/**
 * Where a canonical mail runs: the settings of a config node and the messages of a flow go in, the bytes on the line
 * come out.
 *
 * Between the two stands the whole library, whatever its parts; the module is the simulated one, disk and mail server
 * are in memory, and the time is virtual, so that the same mail gives the same bytes on every host.
 */
import assert from "node:assert/strict";
import { readMessage } from "../../lib/mail/message/message";
import { rootsFor } from "../../lib/mail/providers/roots";
import { memoryStore } from "../../lib/quectel/key-value-store";
import { internet, SimulatedModem, type SimulatedModemOptions } from "../../lib/simulator";
import type { DeliveryResult } from "../../lib/simulator/delivery/smtp-codes";
import { readModemSettings, type ModemCredentials } from "../../nodes/runtime/settings/modem-settings";
import type { RawOptions } from "../../nodes/runtime/settings/options";
import { FastClock } from "../support/fast-clock";
import { FaultyFiles } from "../support/faulty-files";
import { MemoryMailServer } from "../support/memory-mail-server";
import { memoryOutbox, type OutboxRig, type OutboxSurroundings } from "../support/memory-outbox";
import { Transcript } from "./transcript";

/** The wall clock at the start. */
const NOON = Date.UTC(2026, 2, 1, 12);
/** Milliseconds after the end of a mail in which the host tidies up. */
const TIDY = 10_000;
/** Longest virtual time for one mail, ms. */
const PATIENCE = 24 * 3600_000;

/** A config node as its dialog saves it. */
const NODE: RawOptions = {
  transport: "simulator",
  apn: "internet",
  smtpHost: "mail.example.com",
  smtpPort: 25,
  smtpSecurity: "none",
  senderName: "Pump 7",
  senderAddress: "pump7@example.com",
};
const CREDENTIALS: ModemCredentials = { smtpUser: "pump7@example.com", smtpPassword: "s3cret-word" };

/** A message of a flow. */
export type Message = Record<string, unknown>;

export interface StationOptions {
  /** Properties of the config node that differ. */
  readonly node?: RawOptions;
  readonly credentials?: ModemCredentials;
  readonly module?: Omit<SimulatedModemOptions, "clock" | "busy">;
}

export class Station {
  readonly transcript = new Transcript();
  readonly server = new MemoryMailServer();
  readonly module: SimulatedModem;
  /** What becomes of the next deliveries in the place of what the server says. */
  readonly fates: (() => DeliveryResult | Promise<DeliveryResult>)[] = [];
  private readonly clock = new FastClock(NOON);
  private surroundings: OutboxSurroundings;
  private rig: OutboxRig | undefined;

  constructor(private readonly options: StationOptions = {}) {
    const { clock, server } = this;
    this.module = new SimulatedModem({ imei: "001015000000015", ...options.module, clock });
    const { fates } = this;
    this.module.state(internet).mailServer = async (delivery) =>
      (await fates.shift()?.()) ?? server.take(delivery);
    this.surroundings = {
      clock,
      module: this.module,
      server,
      store: memoryStore(),
      files: new FaultyFiles(),
    };
  }

  /** Starts the host and runs until the modem is ready. */
  async start(change: RawOptions = {}): Promise<void> {
    const { options, clock, surroundings } = this;
    const { network, smtp, text, queue } = readModemSettings(
      { ...NODE, ...options.node, ...change },
      { ...CREDENTIALS, ...options.credentials },
    );
    const { charset, lateNote, bccMode } = text;
    const rig = memoryOutbox(
      {
        network,
        smtp,
        roots: rootsFor,
        watch: this.transcript.watch,
        outbox: queue,
        bccMode,
        text: { charset, lateNote },
      },
      surroundings,
    );
    this.rig = rig;
    await rig.open();
    await clock.run(() => rig.modem.state.name === "ready", PATIENCE);
  }

  /** Accepts a message and returns the id of its mail. */
  async accept(message: Message): Promise<string> {
    const mail = await readMessage(message, {}, { allowFrom: true, attachmentPaths: [] });
    const id = await this.host.accept(mail);
    this.transcript.hide(id);
    return id;
  }

  /** Runs until the mail has ended, as expected, and the host has tidied up. */
  async ends(id: string, expected: "sent" | "partial" | "failed" = "sent"): Promise<void> {
    const { result, failure } = await this.host.endOf(id);
    assert.equal(result.status, expected, failure?.message);
    await this.clock.advance(TIDY);
  }

  async send(message: Message, expected: "sent" | "partial" | "failed" = "sent"): Promise<void> {
    await this.ends(await this.accept(message), expected);
  }

  /** Lets minutes pass. */
  async wait(minutes: number): Promise<void> {
    this.transcript.note(`${minutes} minutes pass`);
    await this.clock.advance(minutes * 60_000);
  }

  /** Runs until the module has been told to send. */
  async putting(): Promise<void> {
    const isPut = (): boolean => this.module.log.lines().at(-1)?.startsWith("AT+QSMTPPUT=") === true;
    await this.clock.run(isPut, PATIENCE);
    await this.clock.advance(1);
  }

  /** The host is killed and starts again, with other settings if wanted. */
  async restartHost(change: RawOptions = {}): Promise<void> {
    this.transcript.note("the host is killed and starts again");
    const { files, store } = this.surroundings;
    const left = files.after("all");
    files.cut();
    await this.host.close();
    this.surroundings = { ...this.surroundings, files: left, store };
    await this.start(change);
  }

  async stop(): Promise<void> {
    await this.host.stop(0);
  }

  private get host(): OutboxRig {
    if (this.rig === undefined) throw new Error("the host has not been started");
    return this.rig;
  }
}

/** A fate: the module gives this result. */
export function result(err: number, protocolError: number): () => DeliveryResult {
  return () => ({ err, protocolError });
}
