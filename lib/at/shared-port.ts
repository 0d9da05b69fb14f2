/**
 * Recognises that another program talks on the same port, such as ModemManager, which takes no lock.
 *
 * Two readers of one serial port share its bytes at random, so answers appear that nobody here asked for. One may be
 * an accident (a late answer, a line cut in two by an unsolicited one); several within minutes are a program.
 */

/** So many answers nobody asked for, within so many ms, are another program's. */
const ENOUGH = 3;
const WITHIN = 120_000;

export class SharedPortDetector {
  private seen: number[] = [];

  /** Notes one `foreign` line of the channel at `now` (monotonic ms); true when the port is taken for shared. */
  note(now: number): boolean {
    this.seen = [...this.seen.filter((at) => now - at < WITHIN), now];
    return this.seen.length >= ENOUGH;
  }
}
