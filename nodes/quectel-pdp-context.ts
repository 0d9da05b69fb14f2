/** `pdp-context`: activates, deactivates, queries or resets the data connection of a modem. */
import type { Node, NodeAPI, NodeDef, NodeInitializer } from "node-red";
import { ModemError } from "../lib/errors";
import { answerMessages } from "./runtime/smtp-send/answering";
import { actionFor, readAction } from "./runtime/settings/chosen-action";
import { asModemError, faultOf } from "./runtime/status/failure-report";
import { PDP_ACTIONS, performPdpAction } from "./runtime/modem/pdp-actions";
import { useModem } from "./runtime/modem/modem-user";
import { savedOptions, type RawOptions } from "./runtime/settings/options";

const registerPdpContext: NodeInitializer = (RED: NodeAPI) => {
  function QuectelPdpContext(this: Node, definition: NodeDef & RawOptions): void {
    RED.nodes.createNode(this, definition);
    const chosen = settingsOf(definition);
    const host = useModem(RED, definition["modem"], { node: this, failure: () => faultOf(chosen) });
    answerMessages(this, async (message) => {
      if (chosen instanceof ModemError) throw chosen;
      const action = await actionFor(RED, this, chosen, PDP_ACTIONS, message);
      message["pdp"] = await performPdpAction(action, host().parts, { force: message["force"] === true });
    });
  }

  RED.nodes.registerType("quectel-pdp-context", QuectelPdpContext);
};

function settingsOf(definition: RawOptions) {
  try {
    return readAction(savedOptions(definition), PDP_ACTIONS, "action");
  } catch (error) {
    return asModemError(error);
  }
}

export = registerPdpContext;
