/** The input of a property of the modem. */
export function field(name: string): JQuery {
  return $(`#node-config-input-${name}`);
}
