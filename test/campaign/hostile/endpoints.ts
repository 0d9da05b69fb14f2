/**
 * The admin endpoints on a real runtime, asked with nonsense over HTTP: each question is answered, and no answer shows
 * a secret of the deployed modem.
 */
import helper from "node-red-node-test-helper";
import { CANARIES, leaksIn } from "../fault/canaries";
import type { Dice } from "../fault/dice";
import { FlowBench, helperNode, modemNode, sendNode } from "../../node/support/flow-bench";
import type { Findings } from "./findings";
import { attackedNodes } from "./nodes";
import { anyJson, anyText } from "./values";

export const PATHS = [
  "ports",
  "providers",
  "roots",
  "advice",
  "connection-tests",
  "connection-tests/1",
  "connection-tests/1/letters",
  "left",
  "modems",
  "modems/modem",
  "modems/modem/trace",
  "modems/modem/report",
  "outbox",
  "modem",
  "modem/trace",
  "",
] as const;
export const PROPERTIES = [
  "kind",
  "modem",
  "flow",
  "recipient",
  "config",
  "properties",
  "settings",
  "credentials",
  "readable",
  "id",
  "host",
  "port",
  "security",
  "userBytes",
  "passwordBytes",
] as const;
/** Milliseconds for an answer. */
const PATIENCE = 20_000;

export interface Question {
  readonly method: string;
  /** Below `quectel-modem/`. */
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Content-Type of the body; only POST has one. */
  readonly type: string;
  readonly body: string;
}

export class EndpointsAttack {
  readonly bench = new FlowBench();

  async begin(): Promise<void> {
    await new Promise<void>((resolve) => helper.startServer(resolve));
    const flow = [
      modemNode(25, { apn: "iot.example", apnAuth: "pap" }),
      // Done when the outbox has taken it; nobody listens on the port of the server.
      sendNode({ emit: "whenQueued", maxAge: "1" }),
      ...attackedNodes(),
      helperNode("sent"),
      helperNode("failed"),
    ];
    await this.bench.load(flow, {
      modem: {
        smtpUser: CANARIES.smtpUser,
        smtpPassword: CANARIES.smtpPassword,
        apnUser: CANARIES.apnUser,
        apnPassword: CANARIES.apnPassword,
      },
    });
  }

  async ask(dice: Dice, found: Findings, where: string): Promise<void> {
    const method = dice.pick(["GET", "GET", "POST", "DELETE", "PUT"]);
    const path = dice.hit(0.8)
      ? dice.pick(PATHS)
      : `${dice.pick(PATHS)}/${encodeURIComponent(wellFormed(anyText(dice).slice(0, 100)))}`;
    const query = Array.from(
      { length: dice.between(0, 3) },
      () => [dice.pick(PROPERTIES), anyText(dice).slice(0, 300)] as const,
    );
    const type = dice.pick(["application/json", "application/json", "text/plain"]);
    await this.send({ method, path, query, type, body: anyBody(dice) }, found, where);
  }

  async send({ method, path, query, type, body }: Question, found: Findings, where: string): Promise<void> {
    const asked = new URLSearchParams(query.map(([name, value]) => [name, value]));
    const url = new URL(`quectel-modem/${path}?${asked}`, `${helper.url()}/`);
    const what = `${method} ${url.pathname}`;
    try {
      const answer = await fetch(url, {
        method,
        signal: AbortSignal.timeout(PATIENCE),
        // A connection that is kept may be closed by the server in the moment in which it is used again.
        headers: { connection: "close", ...(method === "POST" && { "content-type": type }) },
        ...(method === "POST" && { body }),
      });
      const text = await answer.text();
      for (const leak of leaksIn(text)) found.add("secrets", where, `${leak} in the answer to ${what}`);
      if (answer.status >= 500 && !text.startsWith("{"))
        found.add("escaped", where, `${what}: ${answer.status} ${text}`);
      if (text.includes('"code":"INTERNAL"')) found.add("escaped", where, `${what}: ${text}`);
    } catch (error) {
      found.add("stuck", where, `${what}: ${String(error)}`);
    }
  }

  async end(): Promise<void> {
    await this.bench.end();
    await new Promise<void>((resolve) => helper.stopServer(resolve));
  }
}

/** Without single surrogates, which no URL carries. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** A body like those of the dialog, with something wrong in it. It leads to a port where nobody listens. */
function anyBody(dice: Dice): string {
  if (dice.hit(0.15)) return anyText(dice);
  const body = Object.fromEntries(
    PROPERTIES.filter(() => dice.hit(0.4)).map((name) => [name, anyJson(dice)]),
  );
  if (dice.hit(0.5)) body["kind"] = dice.pick(["module", "connection", "mail", "server", "diagnosis"]);
  if (dice.hit(0.5)) body["modem"] = dice.pick(["modem", "", "../../x", "__proto__"]);
  const settings = { transport: "tcp", tcpHost: "127.0.0.1", tcpPort: "1", [anyText(dice)]: anyJson(dice) };
  for (const name of ["config", "properties", "settings"]) if (dice.hit(0.5)) body[name] = settings;
  return JSON.stringify(body);
}
