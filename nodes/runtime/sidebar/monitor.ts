/**
 * ModemMonitor: what the sidebar knows of one modem, and what a person can do with it there.
 *
 * It looks on and uses nothing: a modem that no node uses stays closed. Everybody is told that something has changed;
 * what it is has to be asked for.
 */
import type { Clock } from "../../../lib/clock";
import { ModemError } from "../../../lib/errors";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import type { Assembly } from "../modem/assembly";
import { stuckClient } from "../modem/stuck-client";
import type { ModemSettings } from "../settings/modem-settings";
import { sendsToSimulatedInbox, simulatedInbox } from "../modem/simulated-inbox";
import type { ShownStatus } from "../status/status";
import { type Action, perform } from "./actions";
import { ChangeTick, type Tick } from "./change-tick";
import type { EndedMails } from "./ended-mails";
import type { NetworkSnapshot } from "../../../lib/quectel/registration/registration";
import { credentialsOf, forStrangers } from "../admin/masking";
import { EMPTY_QUEUE, type ModemView, queueOf } from "./modem-view";
import { reportText, type Trouble } from "./report";
import { shownError } from "./shown-error";
import { SignalSampler } from "./signal-sampler";
import { SignalSamples } from "./signal-samples";
import { traceLines } from "./trace-lines";
import { TraceRecording } from "./trace-recording";

/** The modem, as far as the sidebar looks into it. */
export interface WatchedModem {
  readonly settings: ModemSettings | ModemError;
  /** Undefined while the modem is not in use. */
  readonly running: Assembly | undefined;
  status(): ShownStatus;
}

export interface MonitorOptions {
  readonly clock: Clock;
  readonly modem: WatchedModem;
  readonly versions: { readonly package: string; readonly nodeRed: string };
  readonly mails: EndedMails;
  /** Reaches everybody who sees the editor. */
  readonly publish: (tick: Tick) => void;
}

/** What the modem as such has reported. */
const MOST_TROUBLES = 10;

export class ModemMonitor {
  private readonly samples: SignalSamples;
  private readonly sampler: SignalSampler;
  private readonly tick: ChangeTick;
  private readonly recording: TraceRecording;
  private recorded: Assembly | undefined;
  private troubles: readonly Trouble[] = [];

  constructor(private readonly options: MonitorOptions) {
    const { clock, modem } = options;
    this.samples = new SignalSamples(clock);
    this.tick = new ChangeTick(clock, () => options.publish(this.figures()));
    const changed = (): void => this.tick.changed();
    this.recording = new TraceRecording(clock, changed);
    this.sampler = new SignalSampler({
      clock,
      samples: this.samples,
      modem: () => modem.running?.modem,
      sampled: changed,
    });
    this.sampler.start();
  }

  /** To be called when the status of the modem may be another. */
  readonly changed = (): void => {
    // The trace of a modem that is closed goes with it.
    if (this.recorded !== undefined && this.options.modem.running !== this.recorded) {
      this.recording.drop();
      this.recorded = undefined;
    }
    this.sampler.look();
    this.tick.changed();
  };

  readonly ended = (ended: MailEnded): void => {
    this.options.mails.add(ended);
    this.tick.changed();
  };

  readonly reported = (error: ModemError): void => {
    const at = new Date(this.options.clock.wall()).toISOString();
    this.troubles = [...this.troubles, { at, error }].slice(-MOST_TROUBLES);
  };

  close(): void {
    this.sampler.close();
    this.recording.drop();
    this.tick.close();
  }

  async view(): Promise<ModemView> {
    const { modem } = this.options;
    const { running } = modem;
    const identity = running?.modem.identity;
    const { network } = this;
    const { nextConnectInMs } = this;
    const trouble = running && stuckClient(running);
    const { endsIn } = this.recording;
    return {
      status: modem.status(),
      ...(identity === undefined ? {} : { module: { model: identity.model, firmware: identity.firmware } }),
      ...(trouble === undefined ? {} : { trouble: shownError(trouble) }),
      ...(network === undefined ? {} : { network }),
      ...(nextConnectInMs === undefined ? {} : { nextConnectInMs }),
      samples: this.samples.list(),
      queue: running === undefined ? EMPTY_QUEUE : await queueOf(running),
      ended: this.options.mails.list(),
      ...this.inbox(),
      trace: {
        ...(endsIn === undefined ? {} : { endsInMs: endsIn }),
        hasEntries: this.recording.entries.length > 0,
      },
    };
  }

  /** What was recorded, fit to be given away. */
  trace(): readonly string[] {
    const { settings } = this.options.modem;
    const credentials = settings instanceof ModemError ? [] : credentialsOf(settings);
    return traceLines(this.recording.entries).map((line) => forStrangers(line, credentials));
  }

  async report(): Promise<string> {
    const { modem, versions } = this.options;
    return reportText({
      versions,
      settings: modem.settings,
      parts: modem.running,
      view: await this.view(),
      troubles: this.troubles,
      trace: this.trace(),
    });
  }

  /** Rejects as `perform`, or with MODEM_NOT_READY while the modem is not in use. */
  async perform(action: Action, mail: string | undefined): Promise<void> {
    const { running } = this.options.modem;
    if (running === undefined) throw new ModemError("MODEM_NOT_READY", { detail: "no node uses it" });
    if (action === "startTrace") this.recorded = running;
    try {
      await perform(action, mail, { parts: running, recording: this.recording });
    } finally {
      this.tick.changed();
    }
  }

  /** As it is now: what a modem said that has gone meanwhile is no news. */
  private get network(): NetworkSnapshot | undefined {
    const state = this.options.modem.running?.modem.state.name;
    return state === "ready" || state === "registering" ? this.samples.latest : undefined;
  }

  /** 0 while an attempt is under way; undefined where none is needed. */
  private get nextConnectInMs(): number | undefined {
    const modem = this.options.modem.running?.modem;
    if (modem === undefined) return undefined;
    const { state } = modem;
    const isAway =
      (state.name === "offline" || state.name === "needsPowerCycle") && state.error !== undefined;
    return isAway ? (modem.nextTryInMs ?? 0) : undefined;
  }

  private inbox(): Pick<ModemView, "inbox"> {
    const { settings } = this.options.modem;
    return !(settings instanceof ModemError) && sendsToSimulatedInbox(settings)
      ? { inbox: simulatedInbox.list() }
      : {};
  }

  private figures(): Tick {
    const { modem } = this.options;
    const { fill, shape, text, state, waiting } = modem.status();
    const rssiDbm = this.network?.rssiDbm;
    return {
      fill,
      shape,
      text,
      state,
      waiting,
      failed: modem.running?.outbox.summary().failed ?? 0,
      ...(rssiDbm === undefined ? {} : { rssiDbm }),
    };
  }
}
