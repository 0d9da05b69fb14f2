// `npm start`: Node-RED with the demo flow, a simulated modem and a local inbox; no hardware needed.
// `npm start -- --once` sends the demo mail, prints it as received and ends with 0, or with the reason and 1.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startInbox } from "./demo/inbox.mjs";
import { linkPackage, startNodeRed } from "./demo/node-red.mjs";
import { freePorts } from "./demo/ports.mjs";

const HELP = `npm start               Node-RED with the demo flow, a simulated modem and a local inbox
npm start -- --once     sends the demo mail, prints it as received, and ends
npm start -- --help     this text

  --port N              TCP port of the editor; else a free one
  --host ADDRESS        address at which the editor is reached, 0.0.0.0 for all of this computer; else 127.0.0.1.
                        The editor has no password: whoever reaches it can run code here`;

/** Folder of another Node-RED than that of node_modules, as `.ci/on-node` names it. */
const runtime = process.env["NODE_RED_RUNTIME"];

/** Seconds that --once waits for the mail. */
const PATIENCE = 60;

const values = options();

/** Aborted by Ctrl-C or SIGTERM, at any moment; the demo then ends in order. */
const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => interrupt.abort());

if (values.help) {
  console.log(HELP);
} else {
  try {
    await (values.once ? once() : serve());
  } catch (error) {
    // Ctrl-C is the normal end of the served demo, but --once then has not shown a mail.
    if (values.once || !interrupt.signal.aborted) {
      console.error(`The demo failed: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

/** Ends with 2 and the reason where they cannot be read. */
function options() {
  try {
    const { values: given } = parseArgs({
      options: {
        once: { type: "boolean" },
        help: { type: "boolean" },
        port: { type: "string" },
        host: { type: "string", default: "127.0.0.1" },
      },
    });
    if (given.port !== undefined && !(/^\d{1,5}$/.test(given.port) && Number(given.port) <= 65_535)) {
      throw new Error(`--port ${given.port} is no TCP port`);
    }
    return given;
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`);
    process.exit(2);
  }
}

/** Runs until Ctrl-C. */
async function serve() {
  const demo = await startDemo({
    onLine: (line) => console.log(line),
    onMail: (mail) => console.log(`\nMail in the inbox: ${mail.subject}`),
  });
  try {
    console.log(`\nNode-RED editor   ${demo.editor}\nInbox             ${demo.inbox}\n`);
    console.log("Flows and settings of this demo are temporary: they are deleted when it ends.");
    if (values.port === undefined)
      console.log("The ports differ each time; npm start -- --help tells how to choose.");
    console.log(
      "\nOpen both in a browser, and press the button of the node Send a mail in the flow. Ctrl-C ends.",
    );
    await Promise.race([
      interrupted(),
      demo.ended.then(() => Promise.reject(new Error("Node-RED has ended"))),
    ]);
  } finally {
    await demo.stop();
  }
}

/** Sends the demo mail and prints it; throws the reason when it does not arrive. */
async function once() {
  const log = [];
  const arrival = deferred();
  const timer = setTimeout(() => arrival.reject(new Error(`no mail within ${PATIENCE} s`)), PATIENCE * 1000);
  try {
    const demo = await startDemo({
      onLine: (line) => {
        log.push(line);
        if (line.includes("[error]")) arrival.reject(new Error(line));
      },
      onMail: arrival.resolve,
    });
    try {
      const response = await fetch(new URL(`inject/${demo.injectId}`, demo.editor), { method: "POST" });
      if (!response.ok) throw new Error(`the inject node answered ${response.status}`);
      print(await Promise.race([arrival.promise, interrupted()]));
    } finally {
      await demo.stop();
    }
  } catch (error) {
    console.error(log.slice(-30).join("\n"));
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function startDemo({ onLine, onMail }) {
  const [freePort, smtpPort, webPort] = await freePorts(3);
  const inboxUrl = `http://127.0.0.1:${webPort}/`;
  const flows = await demoFlows(smtpPort, inboxUrl);
  const inbox = await startInbox({ smtpPort, webPort, onMail });
  try {
    const packageDir = fileURLToPath(new URL("..", import.meta.url));
    const nodeRed = await startNodeRed({
      red: runtime && join(runtime, "red.js"),
      prepare: linkPackage(packageDir),
      port: values.port === undefined ? freePort : Number(values.port),
      settings: { uiHost: values.host },
      flows,
      onLine,
      signal: interrupt.signal,
    });
    return {
      editor: nodeRed.url,
      inbox: inboxUrl,
      injectId: flows.find((node) => node.type === "inject").id,
      ended: nodeRed.ended,
      stop: async () => {
        await nodeRed.stop();
        await inbox.stop();
      },
    };
  } catch (error) {
    await inbox.stop();
    throw error;
  }
}

/** The example "First mail", its mail server replaced by the inbox; its comment fits a flow that is deployed already. */
async function demoFlows(smtpPort, inboxUrl) {
  const text = await readFile(new URL("../examples/01 First mail.json", import.meta.url), "utf8");
  const comment = { name: `Press the button on the left. The mail arrives at ${inboxUrl}` };
  const server = { smtpHost: "127.0.0.1", smtpPort: String(smtpPort) };
  return JSON.parse(text).map((node) => {
    if (node.type === "comment") return { ...node, ...comment };
    return node.type === "quectel-modem" ? { ...node, ...server } : node;
  });
}

function print(mail) {
  const addresses = (list = []) =>
    list.map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(", ");
  console.log(`From:    ${addresses(mail.from)}`);
  console.log(`To:      ${addresses(mail.to)}`);
  console.log(`Subject: ${mail.subject}\n`);
  console.log(mail.text?.trimEnd() ?? "");
}

/** Rejects at Ctrl-C. */
function interrupted() {
  return new Promise((_resolve, reject) => {
    const end = () => reject(new Error("interrupted"));
    if (interrupt.signal.aborted) end();
    interrupt.signal.addEventListener("abort", end, { once: true });
  });
}

/** A promise and the functions that settle it (Node 20 has no Promise.withResolvers). */
function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  // It may be rejected while the demo is still starting, before it is awaited.
  parts.promise.catch(() => undefined);
  return parts;
}
