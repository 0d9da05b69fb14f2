/** `modem-status`: tells the state of a modem when asked, by interval, and when it has changed. */
import type { Node, NodeAPI, NodeDef, NodeInitializer } from "node-red";
import { type Timer, systemClock } from "../lib/clock";
import { isModemError, ModemError } from "../lib/errors";
import { signalQuality } from "../lib/quectel/commands/network";
import { signalDbm } from "../lib/quectel/network";
import { answerMessages } from "./runtime/answering";
import { asModemError } from "./runtime/failure-report";
import { migrate } from "./runtime/migrations";
import { reportOn, type ModemReport } from "./runtime/modem-report";
import { useModem } from "./runtime/modem-user";
import { OptionReader, type RawOptions } from "./runtime/options";
import { type Condition, stateOf } from "./runtime/status";

interface Settings {
  /** Seconds; 0 = only when asked and on change. */
  readonly interval: number;
  /** dB that count as a change. */
  readonly rssiChange: number;
  readonly includeIds: boolean;
}

/** Milliseconds between two looks at the signal. */
const LOOK = 20_000;

const registerModemStatus: NodeInitializer = (RED: NodeAPI) => {
  function QuectelModemStatus(this: Node, definition: NodeDef & RawOptions): void {
    RED.nodes.createNode(this, definition);
    const settings = settingsOf(definition);
    const closing = new AbortController();
    const timers = new Map<"interval" | "look", Timer>();
    let told: ModemReport | undefined;

    const report = async (): Promise<ModemReport> => {
      if (settings instanceof ModemError) throw settings;
      const { includeIds } = settings;
      const modem = host();
      const state = stateOf(modem.condition);
      told = await reportOn(modem.parts, { state, includeIds, signal: closing.signal });
      return told;
    };
    /** Without anybody who asked, a modem that does not answer now is no error: its state tells. */
    const tell = async (): Promise<void> => {
      try {
        this.send({ payload: await report() });
      } catch (error) {
        if (!isModemError(error) && !closing.signal.aborted) throw error;
        this.debug(`no report: ${String(error)}`);
      }
    };
    const look = async (rssiChange: number): Promise<void> => {
      const { modem } = host().parts;
      if (modem.state.name !== "ready" || told === undefined) return;
      const options = { priority: "low", signal: closing.signal } as const;
      const rssiDbm = signalDbm(await modem.execute(signalQuality(), options));
      const isChanged = rssiDbm !== undefined && Math.abs(rssiDbm - (told.rssiDbm ?? -200)) >= rssiChange;
      if (isChanged) await tell();
    };
    const repeat = (name: "interval" | "look", ms: number, work: () => Promise<void>): void => {
      const again = (): void => {
        work()
          .catch((error: unknown) => this.debug(`no report: ${String(error)}`))
          .finally(() => closing.signal.aborted || timers.set(name, systemClock.after(ms, again)));
      };
      timers.set(name, systemClock.after(ms, again));
    };

    let state = "";
    const host = useModem(RED, definition["modem"], {
      node: this,
      onChange: (condition: Condition) => {
        const now = stateOf(condition);
        if (now === state) return;
        state = now;
        void tell();
      },
    });
    answerMessages(this, async (message) => {
      message.payload = await report();
    });
    if (!(settings instanceof ModemError)) {
      if (settings.interval > 0) repeat("interval", settings.interval * 1000, tell);
      repeat("look", LOOK, () => look(settings.rssiChange));
    }
    this.on("close", () => {
      closing.abort();
      for (const timer of timers.values()) timer.clear();
    });
  }

  RED.nodes.registerType("quectel-modem-status", QuectelModemStatus);
};

function settingsOf(definition: RawOptions): Settings | ModemError {
  try {
    const options = new OptionReader(migrate("quectel-modem-status", definition));
    return {
      interval: options.integer("interval", { min: 0, max: 86_400 }, 60),
      rssiChange: options.integer("rssiChange", { min: 1, max: 62 }, 6),
      includeIds: options.flag("includeIds", false),
    };
  } catch (error) {
    return asModemError(error);
  }
}

export = registerModemStatus;
