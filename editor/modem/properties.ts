/** The properties of the modem for the editor: what a new one has, and what is complained about at its fields. */
import {
  MODEM_PROPERTIES,
  type ModemProperty,
  type PropertyRow,
} from "../../nodes/runtime/settings/modem-properties";
import { address, certificate, filled, integer, onlyIf } from "../dialog/validators";
import type { PropertyDefinition, Validator } from "../red";

/** What the table cannot say: what is needed only with another setting, and the form of some texts. */
const VALIDATORS: Readonly<Partial<Record<ModemProperty, Validator>> & Record<string, Validator>> = {
  serialPort: onlyIf("transport", ["serial"], filled("serialPort")),
  tcpHost: onlyIf("transport", ["tcp"], filled("tcpHost")),
  tcpPort: onlyIf("transport", ["tcp"], integer("tcpPort", MODEM_PROPERTIES.tcpPort)),
  tenant: onlyIf("login", ["microsoft"], filled("tenant")),
  clientId: onlyIf("login", ["microsoft", "oauth2"], filled("clientId")),
  tokenUrl: onlyIf("login", ["oauth2"], filled("tokenUrl")),
  senderAddress: address("senderAddress"),
  tlsRoot: filled("tlsRoot", true),
  tlsCa: onlyIf("tlsRoot", ["pem"], certificate("tlsCa")),
};

/** For `defaults` of the node's definition, except its name and version. */
export function modemDefaults(): Readonly<Record<string, PropertyDefinition>> {
  const rows = Object.entries(MODEM_PROPERTIES).map(([name, row]): [string, PropertyDefinition] => {
    const validate = VALIDATORS[name] ?? validatorOf(name, row);
    return [name, { value: shownDefault(row), ...(validate === undefined ? {} : { validate }) }];
  });
  return Object.fromEntries(rows);
}

/** As its input holds it: a number is text. */
function shownDefault(row: PropertyRow): string | boolean {
  switch (row.kind) {
    case "flag":
    case "choice":
      return row.default;
    case "text":
      return row.default ?? "";
    case "integer":
      return String(row.default ?? row.proposed ?? "");
  }
}

function validatorOf(name: string, row: PropertyRow): Validator | undefined {
  switch (row.kind) {
    case "text":
      return row.default === undefined ? filled(name) : undefined;
    case "integer":
      return integer(name, row);
    case "flag":
    case "choice":
      return undefined;
  }
}
