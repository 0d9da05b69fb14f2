/** The other end of a line on which each byte takes a while. */
import { duplexPair, type Duplex } from "node:stream";
import type { Clock } from "../../../lib/clock";

export function distant(clock: Clock, peer: Duplex, delayMs: number): Duplex {
  const [near, far] = duplexPair({ allowHalfOpen: true });
  const carry = (from: Duplex, to: Duplex): void => {
    from.on("data", (bytes: Buffer) => clock.after(delayMs, () => to.write(bytes)));
    from.once("end", () => clock.after(delayMs, () => to.end()));
    from.on("error", () => undefined);
  };
  carry(peer, near);
  carry(near, peer);
  return far;
}
