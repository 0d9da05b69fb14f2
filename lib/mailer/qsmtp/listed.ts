/** Recipients as the module lists them: their case and order are its own business. */

/** What two lists of the same addresses have in common. */
export function comparable(addresses: readonly string[]): readonly string[] {
  return addresses.map((address) => address.toLowerCase()).sort();
}

/** True for the same addresses. */
export function areSame(some: readonly string[], others: readonly string[]): boolean {
  return comparable(some).join("\n") === comparable(others).join("\n");
}

/** False for a list in no known form, which tells nothing. */
export function hasAddresses(listed: readonly string[]): boolean {
  return listed.some((address) => address.includes("@"));
}
