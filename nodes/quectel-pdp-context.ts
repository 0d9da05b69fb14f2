/** `pdp-context`: activates, deactivates, queries or resets the data connection of a modem. */
import type { Node, NodeAPI, NodeDef, NodeInitializer } from "node-red";
import { ModemError } from "../lib/errors";
import type { PdpOptions, PdpStatus } from "../lib/quectel/network/pdp";
import { answerMessages } from "./runtime/answering";
import type { Assembly } from "./runtime/assembly";
import { actionFor, readAction } from "./runtime/chosen-action";
import { asModemError } from "./runtime/failure-report";
import { migrate } from "./runtime/migrations";
import { useModem } from "./runtime/modem-user";
import { OptionReader, type RawOptions } from "./runtime/options";

const ACTIONS = ["activate", "deactivate", "query", "reset"] as const;
type Action = (typeof ACTIONS)[number];

const registerPdpContext: NodeInitializer = (RED: NodeAPI) => {
  function QuectelPdpContext(this: Node, definition: NodeDef & RawOptions): void {
    RED.nodes.createNode(this, definition);
    const chosen = settingsOf(definition);
    const host = useModem(RED, definition["modem"], { node: this });
    answerMessages(this, async (message) => {
      if (chosen instanceof ModemError) throw chosen;
      const action = await actionFor(RED, this, chosen, ACTIONS, message);
      message["pdp"] = await perform(action, host().parts, { force: message["force"] === true });
    });
  }

  RED.nodes.registerType("quectel-pdp-context", QuectelPdpContext);
};

function settingsOf(definition: RawOptions) {
  try {
    return readAction(new OptionReader(migrate("quectel-pdp-context", definition)), ACTIONS);
  } catch (error) {
    return asModemError(error);
  }
}

async function perform(action: Action, { pdp, outbox }: Assembly, options: PdpOptions): Promise<PdpStatus> {
  switch (action) {
    case "activate": {
      const status = await pdp.activate(options);
      await outbox.releaseFrom("pdp");
      return status;
    }
    case "deactivate":
      // Held first: the next mail would activate the context again.
      await outbox.holdFor("pdp");
      try {
        return await pdp.deactivate(options);
      } catch (error) {
        await outbox.releaseFrom("pdp");
        throw error;
      }
    case "query":
      return pdp.query();
    case "reset":
      return pdp.reset(options);
  }
}

export = registerPdpContext;
