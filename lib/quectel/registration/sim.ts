/**
 * SIM card: is it ready, and may its PIN be sent?
 *
 * A wrong PIN must never be sent twice, because three of them lock the card at an unattended site. So the PIN is noted
 * as sent before it goes out; it is not sent when only one try is left; where the module has no counter it is sent
 * once; and a refused one is never sent again until a person changes it.
 */
import { isModemError, ModemError, SPECIAL_HINTS } from "../../errors";
import { enterPin, pinTriesLeft, simState, type TriesLeft } from "../commands/sim";
import { ifRefused, isRefusal, type Execute } from "../execute";
import { concerns, recordOf, type PinMemory, type PinRecord } from "./pin-memory";

/** So often the PIN is sent to a card that is busy, for one start of the module. */
const MOST_SENDS = 2;

export type SimStatus =
  | { readonly name: "ready" }
  /** Resolved automatically or by a person; `error` says which. */
  | { readonly name: "notReady"; readonly error: ModemError };

/** For one start of the module. */
export class SimCard {
  /** What stands about the PIN until the card no longer asks for it. */
  private verdict: ModemError | undefined;
  private sends = 0;
  private isSettled = false;

  constructor(
    private readonly pin: string,
    private readonly memory: PinMemory,
  ) {}

  /** Asks for the state of the card, and sends the PIN where the card wants it and it may be sent. */
  async prepare(execute: Execute): Promise<SimStatus> {
    const status = await simStatus(execute);
    if (status.name === "ready" || status.error.code !== "SIM_PIN_REQUIRED") {
      this.verdict = undefined;
      if (status.name === "ready") await this.settle();
      return status;
    }
    if (this.pin === "") return status;
    if (this.verdict !== undefined) return notReady(this.verdict);
    return this.unlock(execute);
  }

  private async unlock(execute: Execute): Promise<SimStatus> {
    const { pin, memory } = this;
    const tries = await ifRefused<TriesLeft | undefined>(execute(pinTriesLeft()), async () => undefined);
    try {
      const obstacle = obstacleToPin(pin, await memory.load(), tries);
      if (obstacle !== undefined) return this.judge(obstacle);
      await memory.save(recordOf(pin, "sent", tries?.pin));
    } catch (cause) {
      return notReady(notRemembered(cause));
    }
    this.sends++;
    try {
      await execute(enterPin(pin));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return this.refused(error, tries);
    }
    // What is not removed now is removed when the card is ready.
    await memory.save(undefined).catch(() => undefined);
    const status = await simStatus(execute);
    if (status.name === "ready" || status.error.code !== "SIM_PIN_REQUIRED") return status;
    return this.judge(new ModemError("SIM_BUSY", { detail: "it accepted its PIN but is not ready yet" }));
  }

  private async refused(error: unknown, tries: TriesLeft | undefined): Promise<SimStatus> {
    if (isModemError(error) && !REFUSED.has(error.code)) {
      // A busy card has not looked at the PIN; what was noted before, and the counter, decide about the next try.
      return this.sends < MOST_SENDS ? notReady(error) : this.judge(error);
    }
    // Where the note stays as it was, it keeps the PIN from being sent as well.
    await this.memory.save(recordOf(this.pin, "refused", tries?.pin)).catch(() => undefined);
    return this.judge(new ModemError("SIM_PIN_REFUSED", { cause: error }));
  }

  private judge(verdict: ModemError): SimStatus {
    this.verdict = verdict;
    return notReady(verdict);
  }

  /** A ready card has taken the PIN whose outcome was not seen. A note that cannot be read does no harm now. */
  private async settle(): Promise<void> {
    if (this.isSettled) return;
    this.isSettled = true;
    try {
      if ((await this.memory.load())?.outcome === "sent") await this.memory.save(undefined);
    } catch {
      this.isSettled = false;
    }
  }
}

/** Asks for the state of the card and changes nothing. */
export async function simStatus(execute: Execute): Promise<SimStatus> {
  try {
    return readSimState(await execute(simState()));
  } catch (error) {
    if (isModemError(error) && error.code.startsWith("SIM_")) return notReady(error);
    // Right after a start the question itself may be refused.
    if (isRefusal(error)) return notReady(new ModemError("SIM_BUSY", { cause: error }));
    throw error;
  }
}

/** The states of 3GPP TS 27.007 section 8.3. */
export function readSimState(state: string): SimStatus {
  switch (state) {
    case "READY":
    // The second PIN guards functions that no mail needs.
    case "SIM PIN2":
    case "SIM PUK2":
      return { name: "ready" };
    case "SIM PIN":
      return notReady(new ModemError("SIM_PIN_REQUIRED"));
    case "SIM PUK":
      return notReady(new ModemError("SIM_PUK_REQUIRED"));
    case "NOT INSERTED":
      return notReady(new ModemError("SIM_MISSING"));
    case "NOT READY":
      return notReady(new ModemError("SIM_BUSY"));
    default:
      return notReady(
        new ModemError("SIM_FAILURE", {
          detail: `it says ${state}`,
          hint: SPECIAL_HINTS.lockedToSomething,
          class: "setup",
        }),
      );
  }
}

/** Why the PIN may not be sent; undefined when it may. */
export function obstacleToPin(
  pin: string,
  record: PinRecord | undefined,
  tries: TriesLeft | undefined,
): ModemError | undefined {
  if (record !== undefined && concerns(record, pin) && !wasNotCounted(record, tries)) {
    return refusedBefore(record, tries);
  }
  if (tries !== undefined && tries.pin <= 1) return new ModemError("SIM_PIN_LAST_TRY");
  return undefined;
}

/** True when the outcome of the PIN was not seen, but the card's counter shows that it was not refused. */
function wasNotCounted(record: PinRecord, tries: TriesLeft | undefined): boolean {
  if (record.outcome !== "sent" || tries === undefined || record.triesLeft === undefined) return false;
  return tries.pin >= record.triesLeft;
}

/** Codes by which a card refuses a PIN: 16 wrong password, 12 PUK wanted now, 3 and plain ERROR of older firmware. */
const REFUSED: ReadonlySet<string> = new Set([
  "SIM_PIN_REFUSED",
  "SIM_PUK_REQUIRED",
  "SIM_PIN_REQUIRED",
  "MODEM_CME",
  "MODEM_ERROR",
]);

function refusedBefore({ outcome }: PinRecord, tries: TriesLeft | undefined): ModemError {
  if (outcome === "sent" && tries === undefined) {
    return new ModemError("SIM_PIN_REFUSED", {
      detail:
        "it was sent once, the outcome was missed, and the module does not report how many attempts are left",
      hint: SPECIAL_HINTS.pinOutcomeUnseen,
    });
  }
  return new ModemError("SIM_PIN_REFUSED", tries === undefined ? {} : { detail: `tries left: ${tries.pin}` });
}

/** A PIN is sent only when that was noted before; a full disk must not lock the card. */
function notRemembered(cause: unknown): ModemError {
  return new ModemError("SIM_PIN_REQUIRED", {
    cause,
    class: "transient",
    detail: `its PIN is not sent because the attempt cannot be recorded on the disk (${String(cause)})`,
    hint: SPECIAL_HINTS.pinNotNoted,
  });
}

function notReady(error: ModemError): SimStatus {
  return { name: "notReady", error };
}
