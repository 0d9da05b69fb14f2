/** A TCP connection in memory: an end that is destroyed takes the other with it, as a reset does, on every Node.js. */
import { duplexPair, type Duplex } from "node:stream";

export function memoryConnection(): readonly [near: Duplex, far: Duplex] {
  const [near, far] = duplexPair({ allowHalfOpen: true });
  const link = (one: Duplex, other: Duplex): void => {
    one.on("error", () => undefined);
    one.once("close", () => other.destroy());
  };
  link(near, far);
  link(far, near);
  return [near, far];
}
