/**
 * The PDP contexts in the words of 3GPP TS 27.007 10.1: definition, state and address.
 *
 * They are the contexts of QICSGP and QIACT; activating them by these commands is left to PPP and not simulated.
 */
import { ERROR, OK, answer, type CommandContext, type Feature, type FinalResult } from "../device/command";
import { integerIn, quotedText } from "../device/parameters";
import { HIGHEST_CONTEXT, activeContext, definitionOf, definitions } from "../module/pdp-contexts";

/** PDP types by the number QICSGP gives them. */
const types = ["", "IP", "IPV6", "IPV4V6"] as const;

function define({ modem, parameters }: CommandContext): FinalResult {
  const id = integerIn(parameters[0], 1, HIGHEST_CONTEXT);
  if (id === undefined) return ERROR;
  if (parameters.length === 1) {
    definitions(modem).delete(id);
    return OK;
  }
  const type = types.findIndex((name) => name !== "" && name === quotedText(parameters[1])?.toUpperCase());
  const apn = parameters[2] === undefined ? "" : quotedText(parameters[2]);
  if (type < 1 || apn === undefined) return ERROR;
  definitions(modem).set(id, { ...definitionOf(modem, id), type, apn });
  return OK;
}

/** The address of a definition while it has none: an IPv4 one, or sixteen octets where both kinds are asked for. */
const noAddress = (type: number): string =>
  Array(type === 1 ? 4 : 16)
    .fill("0")
    .join(".");

function showAddresses({ modem, info }: CommandContext, id: number): void {
  const addresses = activeContext(modem, id)?.addresses ?? ["0.0.0.0"];
  info(`+CGPADDR: ${id},${addresses.map((address) => `"${address}"`).join(",")}`);
}

export const packetDomainFeature: Feature = {
  name: "packet domain",
  commands: {
    "+CGDCONT": {
      test: answer(...types.slice(1).map((type) => `+CGDCONT: (1-16),"${type}",,,(0-2),(0-4),(0-1),(0-1)`)),
      read: ({ modem, info }) => {
        for (const [id, { type, apn }] of definitions(modem)) {
          info(`+CGDCONT: ${id},"${types[type] ?? ""}","${apn}","${noAddress(type)}",0,0,0,0`);
        }
        return OK;
      },
      write: define,
    },
    "+CGACT": {
      test: answer("+CGACT: (0,1)"),
      read: ({ modem, info }) => {
        for (const id of definitions(modem).keys()) {
          info(`+CGACT: ${id},${activeContext(modem, id) === undefined ? 0 : 1}`);
        }
        return OK;
      },
    },
    "+CGPADDR": {
      test: ({ modem, info }) => {
        info(`+CGPADDR: (${[...definitions(modem).keys()].join(",")})`);
        return OK;
      },
      exec: (context) => {
        for (const id of definitions(context.modem).keys()) showAddresses(context, id);
        return OK;
      },
      write: (context) => {
        const id = integerIn(context.parameters[0], 1, HIGHEST_CONTEXT);
        if (id === undefined) return ERROR;
        showAddresses(context, id);
        return OK;
      },
    },
  },
};
