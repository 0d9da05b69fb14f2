/**
 * The switches of the simulated modem: every point where firmware differs or is unknown.
 *
 * `source` names the section of the fact base where the point is described. The first sentence of a description
 * says what is switched. The default is the value held most probable for an EC25.
 */
import { mailVariants } from "./variants-mail";
import { moduleVariants } from "./variants-module";
import { socketVariants } from "./variants-sockets";
import { storageVariants } from "./variants-storage";

export const variantTable = {
  ...mailVariants,
  ...storageVariants,
  ...moduleVariants,
  ...socketVariants,
} as const;
