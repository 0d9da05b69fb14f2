/**
 * PortLease: a modem of the flows gives its port away for a connection test from the editor, and takes it back.
 *
 * The mail lock is held all the while, so nothing that belongs to a mail is disturbed. The connection is closed and
 * opened again afterwards, which makes everything that was set in the module count as unknown: whatever the test has
 * set, the next mail sets its own.
 */
import { within } from "../../../lib/async";
import { ModemError } from "../../../lib/errors";
import type { Modem } from "../../../lib/quectel/connection/modem";
import type { Logger } from "../../../lib/quectel/settings";
import type { Lease } from "../../../lib/quectel/connection/mail-lock";
import { delay } from "../../../lib/clock";
import type { Assembly } from "./assembly";

export interface PortLease {
  /** Tells the borrower that the port is needed back. */
  recall(): void;
  /** Opens the modem again; to be called when the port is free, whatever has happened. */
  giveBack(): Promise<void>;
  /** Resolves when the port is back. */
  readonly returned: Promise<void>;
}

export interface LeasePurpose {
  /** A mail will be sent, whose result must not pass for that of another one in flight. */
  readonly isForMail: boolean;
  /** Called when the port is needed back at once. */
  readonly recall: () => void;
}

export interface LeaseOptions extends LeasePurpose {
  /** Ends the waiting for the mail in flight. */
  readonly signal: AbortSignal;
  /** False when the modem is not to be opened again. */
  readonly isInUse: () => boolean;
  readonly log: Logger;
  /** Told when the lease begins, and with undefined when it has ended. */
  readonly onLease: (portLease: PortLease | undefined) => void;
}

/** Milliseconds that mails wait for a modem that was given back, so that none fails on the way. */
const COME_BACK_MS = 20_000;

/** Milliseconds that a test mail waits until it is known what became of a mail in flight. */
const RESULT_PATIENCE_MS = 60_000;

/**
 * Resolves when the port is free. Rejects with the reason of the signal, with `PORT_CLOSED` when the modem was closed,
 * or, for a mail, with `OUTBOX_IN_DOUBT` when the result of another one is still not known after 60 s.
 */
export async function leasePort(
  parts: Pick<Assembly, "modem" | "pdp" | "outbox">,
  { isForMail, signal, recall, isInUse, log, onLease }: LeaseOptions,
): Promise<PortLease> {
  const { modem, pdp } = parts;
  const until = modem.clock.now() + RESULT_PATIENCE_MS;
  const isClear = (): boolean => !isForMail || parts.outbox.inDoubt === 0;
  let lease = await takeLock(modem, signal, isInUse);
  while (!isClear()) {
    lease.release();
    await resultKnown(parts, until, signal);
    lease = await takeLock(modem, signal, isInUse);
  }
  let end = (): void => undefined;
  const returned = new Promise<void>((resolve) => (end = resolve));
  const giveBack = async (): Promise<void> => {
    onLease(undefined);
    if (isInUse()) {
      modem.acquire();
      await ready(modem);
    }
    lease.release();
    end();
  };
  const portLease: PortLease = { recall, giveBack, returned };
  onLease(portLease);
  try {
    // What this modem has activated would otherwise count as somebody else's from now on, and never be given up.
    await pdp.giveUp({ borrowed: lease, signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      log.debug(`the data connection stays active: ${String(error)}`);
    });
    await modem.close();
    // The connection test works with the module by a connection of its own.
    lease.release("module");
  } catch (error) {
    await giveBack();
    throw error;
  }
  return portLease;
}

async function takeLock(modem: Modem, signal: AbortSignal, isInUse: () => boolean): Promise<Lease> {
  const lease = await modem.lock.acquire(signal);
  if (isInUse()) return lease;
  lease.release();
  throw new ModemError("PORT_CLOSED");
}

/** Rejects with `OUTBOX_IN_DOUBT` at the time `until` of the clock. */
async function resultKnown(
  { modem, outbox }: Pick<Assembly, "modem" | "outbox">,
  until: number,
  signal: AbortSignal,
): Promise<void> {
  const known = new AbortController();
  const look = (): void => {
    if (outbox.inDoubt === 0) known.abort();
  };
  outbox.on("changed", look);
  look();
  try {
    await delay(modem.clock, Math.max(0, until - modem.clock.now()), signal, known.signal);
  } catch {
    signal.throwIfAborted();
    return;
  } finally {
    outbox.off("changed", look);
  }
  throw new ModemError("OUTBOX_IN_DOUBT");
}

async function ready(modem: Modem): Promise<void> {
  const limit = new AbortController();
  await within(modem.clock, COME_BACK_MS, modem.whenReady(limit.signal), () => undefined).catch(
    () => undefined,
  );
  limit.abort();
}
