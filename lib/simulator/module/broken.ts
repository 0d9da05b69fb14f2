/**
 * What is broken in this run of the module and heals only by the next start (fact base, real modules): a data stack that
 * carries nothing although its context looks healthy, a card that is no longer seen, an application that does not start.
 */
import { stateKey } from "../device/device";

interface Broken {
  /** The number that each mail ends with. */
  dataStack: number | undefined;
  card: boolean;
  /** QI*, QSMTP* and QF* are never served. */
  application: boolean;
}

export const broken = stateKey<Broken>("start", "what is broken", () => ({
  dataStack: undefined,
  card: false,
  application: false,
}));
