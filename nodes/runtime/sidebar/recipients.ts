/** The recipients of a mail for a list: the first few, masked, and how many there are besides. */
import { maskedAddress } from "../admin/masking";

const MOST_RECIPIENTS = 3;

/** `["d•••@example.com", "+4"]` */
export function shownRecipients(addresses: readonly string[]): readonly string[] {
  const shown = addresses.slice(0, MOST_RECIPIENTS).map(maskedAddress);
  const others = addresses.length - shown.length;
  return others > 0 ? [...shown, `+${others}`] : shown;
}
