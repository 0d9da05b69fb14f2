/** What the simulated network reaches: names and addresses outside the module. Set by tests and by the product. */
import type { HostNameOptions } from "./host-names";
import { stateKey } from "./state";

type Writable<T> = { -readonly [key in keyof T]: T[key] };

/** Read at every use, so that it may be changed at any time. */
export const internet = stateKey<Writable<HostNameOptions>>("world", "internet", () => ({}));
