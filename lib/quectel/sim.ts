/**
 * SIM card: is it ready, and may its PIN be sent?
 *
 * A wrong PIN must never be sent twice, because three of them lock the card at a place nobody is. So the PIN is noted
 * as sent before it goes out; it is not sent when only one try is left; where the module has no counter it is sent
 * once; and a refused one is never sent again until a person changes it.
 */
import { isModemError, ModemError } from "../errors";
import { enterPin, pinTriesLeft, simState, type TriesLeft } from "./commands/sim";
import { ifRefused, isRefusal, type Execute } from "./init-steps";
import { concerns, recordOf, type PinMemory, type PinRecord } from "./pin-memory";

export type SimStatus =
  | { readonly name: "ready" }
  /** Comes right by itself or by a person; `error` says which. */
  | { readonly name: "notReady"; readonly error: ModemError };

/** For one start of the module: what was decided about the PIN stands until the card no longer asks for it. */
export class SimCard {
  private refusal: ModemError | undefined;
  private isSettled = false;

  constructor(
    private readonly pin: string,
    private readonly memory: PinMemory,
  ) {}

  /** Asks for the state of the card, and sends the PIN where the card wants it and it may be sent. */
  async prepare(execute: Execute): Promise<SimStatus> {
    const status = await simStatus(execute);
    if (status.name === "ready" || status.error.code !== "SIM_PIN_REQUIRED") {
      this.refusal = undefined;
      if (status.name === "ready") await this.settle();
      return status;
    }
    if (this.pin === "") return status;
    if (this.refusal !== undefined) return notReady(this.refusal);
    const unlocked = await unlock(execute, this.pin, this.memory);
    if (unlocked.name === "notReady") this.refusal = unlocked.error;
    return unlocked;
  }

  /** A ready card has taken the PIN whose outcome was not seen. */
  private async settle(): Promise<void> {
    if (this.isSettled) return;
    this.isSettled = true;
    if ((await this.memory.load())?.outcome === "sent") await this.memory.save(undefined);
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
          hint: "The modem or the card is locked to something; ask the operator for the code.",
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
    return new ModemError("SIM_PIN_REFUSED", { detail: triesText(tries) });
  }
  if (tries !== undefined && tries.pin <= 1) return new ModemError("SIM_PIN_LAST_TRY");
  return undefined;
}

/** True when the outcome of the PIN was not seen, but the card's counter shows that it was not refused. */
function wasNotCounted(record: PinRecord, tries: TriesLeft | undefined): boolean {
  if (record.outcome !== "sent" || tries === undefined || record.triesLeft === undefined) return false;
  return tries.pin >= record.triesLeft;
}

async function unlock(execute: Execute, pin: string, memory: PinMemory): Promise<SimStatus> {
  const tries = await ifRefused<TriesLeft | undefined>(execute(pinTriesLeft()), async () => undefined);
  const obstacle = obstacleToPin(pin, await memory.load(), tries);
  if (obstacle !== undefined) return notReady(obstacle);
  await memory.save(recordOf(pin, "sent", tries?.pin));
  try {
    await execute(enterPin(pin));
  } catch (error) {
    if (!isModemError(error) || !REFUSED.has(error.code)) throw error;
    await memory.save(recordOf(pin, "refused", tries?.pin));
    return notReady(new ModemError("SIM_PIN_REFUSED", { cause: error }));
  }
  await memory.save(undefined);
  return simStatus(execute);
}

/** Codes by which a card refuses a PIN: 16 wrong password, 12 PUK wanted now, 3 and plain ERROR of older firmware. */
const REFUSED: ReadonlySet<string> = new Set([
  "SIM_PIN_REFUSED",
  "SIM_PUK_REQUIRED",
  "SIM_PIN_REQUIRED",
  "MODEM_CME",
  "MODEM_ERROR",
]);

function triesText(tries: TriesLeft | undefined): string {
  return tries === undefined ? "it was sent once" : `${tries.pin} tries are left`;
}

function notReady(error: ModemError): SimStatus {
  return { name: "notReady", error };
}
