/**
 * PortLoan: a modem of the flows gives its port away for a trial from the editor, and takes it back.
 *
 * The mail lock is held all the while, so nothing that belongs to a mail is disturbed. The connection is closed and
 * opened again afterwards, which makes everything that was set in the module count as unknown: whatever the trial has
 * set, the next mail sets its own.
 */
import { within } from "../../../lib/async";
import { ModemError } from "../../../lib/errors";
import type { Modem } from "../../../lib/quectel/connection/modem";
import type { Logger } from "../../../lib/quectel/settings";
import type { Workshop } from "./assembly";

export interface Loan {
  /** Tells the borrower that the port is needed back. */
  recall(): void;
  /** Opens the modem again; to be called when the port is free, whatever has happened. */
  giveBack(): Promise<void>;
  /** Resolves when the port is back. */
  readonly returned: Promise<void>;
}

export interface LoanOptions {
  /** Ends the waiting for the mail on the air. */
  readonly signal: AbortSignal;
  readonly recall: () => void;
  /** False when the modem is not to be opened again. */
  readonly isInUse: () => boolean;
  readonly log: Logger;
  /** Told when the loan begins, and with undefined when it has ended. */
  readonly onLoan: (loan: Loan | undefined) => void;
}

/** Milliseconds that mails wait for a modem that was given back, so that none fails on the way. */
const COME_BACK = 20_000;

/** Resolves when the port is free. Rejects with the reason of the signal, or `PORT_CLOSED` when the modem was closed. */
export async function lendPort(
  { modem, pdp }: Pick<Workshop, "modem" | "pdp">,
  { signal, recall, isInUse, log, onLoan }: LoanOptions,
): Promise<Loan> {
  const lease = await modem.lock.acquire(signal);
  if (!isInUse()) {
    lease.release();
    throw new ModemError("PORT_CLOSED");
  }
  let end = (): void => undefined;
  const returned = new Promise<void>((resolve) => (end = resolve));
  const giveBack = async (): Promise<void> => {
    onLoan(undefined);
    if (isInUse()) {
      modem.acquire();
      await ready(modem);
    }
    lease.release();
    end();
  };
  const loan: Loan = { recall, giveBack, returned };
  onLoan(loan);
  try {
    // What this modem has activated would else count as somebody else's from now on, and never be given up.
    await pdp.giveUp({ borrowed: lease, signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      log.debug(`the data connection stays active: ${String(error)}`);
    });
    await modem.close();
    // The trial works with the module by a connection of its own.
    lease.leaveModule?.();
  } catch (error) {
    await giveBack();
    throw error;
  }
  return loan;
}

async function ready(modem: Modem): Promise<void> {
  const limit = new AbortController();
  await within(modem.clock, COME_BACK, modem.whenReady(limit.signal), () => undefined).catch(() => undefined);
  limit.abort();
}
