/**
 * The flow of the attack on a whole Node-RED: an address makes hostile messages inside the runtime, where Proxies and
 * getters live, others bring JSON from outside; each output is wired twice, and Catch, Complete and Status nodes watch.
 */
import { transformSync } from "esbuild";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FlowNode } from "../../system/deploy/parts";

/** The nodes that are attacked by messages made in the runtime. */
export const TARGETS = ["send", "queue", "attach", "context", "status", "outbox"] as const;
export type Target = (typeof TARGETS)[number];

/** Where the makers stand; they run inside the function node, whose objects are of another realm than ours. */
const MAKERS = join(process.cwd(), "test/support/hostile-values.ts");

const FIELDS = [
  "extra",
  "payload",
  "to",
  "topic",
  "title",
  "attachments",
  "error",
  "smtp",
  "from",
  "priority",
  "id",
  "action",
];

/** Number `n` of all messages: hostile ones first, then a hostile value in each field, then two at once. */
const MAKE = `
const n = Number(msg.req.query.n);
const base = { to: msg.req.query.to, topic: "Level " + n, payload: "94 %", action: "list", n };
const { HOSTILE_MESSAGES: messages, HOSTILE_VALUES: values } = hostile;
const fields = ${JSON.stringify(FIELDS)};
const value = (number) => values[number % values.length].make(() => undefined);
const put = (message, number) => {
  const field = fields[Math.floor(number / values.length) % fields.length];
  try { return Object.assign(message, { [field]: value(number) }); } catch { return message; }
};
let made;
if (n < messages.length) made = messages[n].make(base, () => undefined);
else if (n < messages.length + values.length * fields.length) made = put(base, n - messages.length);
else made = put(put(base, n * 7919), n * 104729);
// Node-RED gives the message its id first, so it becomes unchangeable on its way to the node.
if (!Object.isExtensible(made)) {
  made = { ...base };
  const freezing = made;
  const later = (turns) => Promise.resolve().then(() => (turns > 0 ? later(turns - 1) : Object.freeze(freezing)));
  later(20);
}
const answer = { req: msg.req, res: msg.res, payload: "taken" };
msg._msgid = msg.req.query.id;
const outputs = ${JSON.stringify(TARGETS)}.map((target) => (target === msg.req.query.target ? [made] : null));
return [...outputs, answer];
`;

const place = { z: "tab", x: 100, y: 100 };

function code(id: string, func: string, wires: readonly (readonly string[])[] = []): FlowNode {
  return { id, type: "function", ...place, func, outputs: wires.length, libs: [], wires };
}

function address(url: string, method: "get" | "post", ...to: readonly string[]): FlowNode {
  return { id: `${method} ${url}`, type: "http in", ...place, url, method, wires: [to] };
}

/** Notes what reaches it, for `/told`. */
function teller(at: string): FlowNode {
  const func = `
const told = global.get("told") || [];
const { _msgid: id, smtp, error } = msg;
told.push({ at: ${JSON.stringify(at)}, id, mail: smtp?.id, status: smtp?.status, code: error?.code, recovered: smtp?.recovered });
global.set("told", told);`;
  return code(at, func);
}

const TELL = `
msg.payload = { told: global.get("told") || [], queue: global.get("queue") };
global.set("told", []);
return msg;`;

/** @param smtpPort of the mail server on this machine. */
export function attackFlow(smtpPort: number): FlowNode[] {
  const { code: makers } = transformSync(readFileSync(MAKERS, "utf8"), {
    loader: "ts",
    format: "iife",
    globalName: "hostile",
  });
  const ours = { ...place, version: 1, modem: "modem" };
  const twice = [
    ["sent", "sent2"],
    ["failed", "failed2"],
  ];
  return [
    { id: "tab", type: "tab", label: "attack", disabled: false },
    {
      id: "modem",
      type: "quectel-modem",
      version: 1,
      transport: "simulator",
      smtpHost: "127.0.0.1",
      smtpPort: String(smtpPort),
      smtpSecurity: "none",
      senderAddress: "pump7@example.com",
    },
    address("/make", "get", "make"),
    code("make", `${makers}\n${MAKE}`, [...TARGETS.map((target) => [target]), ["answer"]]),
    { id: "send", type: "quectel-smtp-send", ...ours, wires: twice },
    { id: "queue", type: "quectel-smtp-send", ...ours, emit: "whenQueued", wires: twice },
    { id: "attach", type: "quectel-attach-file", ...ours, wires: twice },
    {
      id: "context",
      type: "quectel-pdp-context",
      ...ours,
      action: "action",
      actionType: "msg",
      wires: [["sent", "sent2"]],
    },
    { id: "status", type: "quectel-modem-status", ...ours, interval: "0", wires: [["sent", "sent2"]] },
    { id: "outbox", type: "quectel-outbox", ...ours, wires: [["sent", "sent2"], ["orphans"]] },
    // JSON from outside is refused by the server, so that it reaches output 2 and Catch nodes.
    address("/json", "post", "named"),
    code("named", "msg._msgid = msg.req.query.id; return msg;", [["json"]]),
    {
      id: "json",
      type: "quectel-smtp-send",
      ...ours,
      to: "gone@example.com",
      toType: "str",
      wires: twice,
    },
    // For the test itself.
    address("/command", "get", "command"),
    code("command", "msg.action = msg.req.query.action; return [msg, { ...msg, payload: 1 }];", [
      ["commanded"],
      ["answer"],
    ]),
    { id: "commanded", type: "quectel-outbox", ...ours, wires: [["listed"], []] },
    code("listed", `if (msg.action === "list") global.set("queue", msg.payload.total);`),
    address("/told", "get", "tell"),
    code("tell", TELL, [["answer"]]),
    { id: "answer", type: "http response", ...place, wires: [] },
    { id: "catch", type: "catch", ...place, scope: [...TARGETS, "json"], wires: [["caught"]] },
    { id: "complete", type: "complete", ...place, scope: [...TARGETS, "json"], wires: [["completed"]] },
    { id: "status node", type: "status", ...place, scope: null, wires: [["seen"]] },
    code("seen", `global.set("seen", (global.get("seen") || 0) + 1);`),
    ...["sent", "sent2", "failed", "failed2", "caught", "completed", "orphans"].map(teller),
  ];
}
