/** `modem-status`: tells the state of a modem when asked, by interval, and when it has changed. */
import type { Node, NodeAPI, NodeDef, NodeInitializer } from "node-red";
import { systemClock } from "../lib/clock";
import { ModemError } from "../lib/errors";
import { answerMessages } from "./runtime/smtp-send/answering";
import { asModemError } from "./runtime/status/failure-report";
import { type GetHost, useModem } from "./runtime/modem/modem-user";
import { savedOptions, type RawOptions } from "./runtime/settings/options";
import { StatusWatch, type WatchSettings } from "./runtime/modem-status/status-watch";

const registerModemStatus: NodeInitializer = (RED: NodeAPI) => {
  function QuectelModemStatus(this: Node, definition: NodeDef & RawOptions): void {
    RED.nodes.createNode(this, definition);
    const settings = settingsOf(definition);
    if (settings instanceof ModemError) {
      useModem(RED, definition["modem"], { node: this, failure: () => settings.code });
      answerMessages(this, () => Promise.reject(settings));
      return;
    }
    const watch = new StatusWatch(settings, {
      host: () => host(),
      clock: systemClock,
      tell: (payload) => this.send({ payload }),
      debug: (message) => this.debug(message),
    });
    const host: GetHost = useModem(RED, definition["modem"], {
      node: this,
      onChange: (condition) => watch.changed(condition),
    });
    answerMessages(this, async (message) => {
      message["payload"] = await watch.report();
    });
    watch.start();
    this.on("close", () => watch.close());
  }

  RED.nodes.registerType("quectel-modem-status", QuectelModemStatus);
};

function settingsOf(definition: RawOptions): WatchSettings | ModemError {
  try {
    const options = savedOptions(definition);
    return {
      interval: options.integer("interval", { min: 0, max: 86_400 }, 60),
      rssiChange: options.integer("rssiChange", { min: 1, max: 62 }, 6),
      includeIds: options.flag("includeIds", false),
    };
  } catch (error) {
    return asModemError(error);
  }
}

export = registerModemStatus;
