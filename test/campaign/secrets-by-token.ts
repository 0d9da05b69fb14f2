/**
 * A Node-RED whose modems log in with tokens: by a client secret at an endpoint of ours, and by the key of a service account.
 * Mails that go out, a token that is refused with the secret in the reason, and all that anybody can read of it.
 *
 * The secrets: client secret, private key (whole and line by line) and each token that was issued.
 */
import { generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";
import { Gateway } from "../system/deploy/gateway";
import { modem, sender, statusOf, tab } from "../system/deploy/parts";
import { tokenLogin } from "../node/support/flow-bench";
import { MailServer } from "../support/mail-server";
import { jsonAnswer, TokenServer } from "../support/token-server";
import { waitFor } from "../support/wait-for";
import { formsOf } from "./fault/canaries";

const RED = createRequire(__filename).resolve("node-red/red.js");
const USER = "robot@example.com";
const CLIENT_SECRET = "Canary7Client-w5-secret";
const PATIENCE = 120_000;
const SHOWN = [
  "modems",
  "modems/modem",
  "modems/modem/trace",
  "modems/modem/report",
  "modems/keyed",
  "modems/keyed/report",
];

export interface SeenByToken {
  /** What was read, by where. */
  readonly seen: ReadonlyMap<string, string>;
  readonly logins: number;
  /** Names the secrets that a text gives away. */
  readonly leaksIn: (text: string) => readonly string[];
}

/** @param userDir of Node-RED; its files are the caller's to search. */
export async function liveByToken(userDir: string, mails: number): Promise<SeenByToken> {
  const tokens = await TokenServer.start();
  const issued = new Set<string>();
  const server = await MailServer.start(tokens.mailServer(USER));
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const seen = new Map<string, string>();
  try {
    const gateway = await Gateway.start({
      version: { name: "own", node: process.execPath, red: RED },
      userDir,
      flows: [tab()],
      settings: { logging: { console: { level: "trace", metrics: true, audit: true } } },
    });
    const bySecret = { transport: "simulator", mailer: "socket", ...tokenLogin(tokens) };
    const account = modem("", server.port, bySecret);
    const key = JSON.stringify({ client_email: USER, private_key: pem });
    await gateway.deploy(
      [
        tab(),
        { ...account, credentials: { smtpUser: USER, clientSecret: CLIENT_SECRET } },
        modem("", server.port, {
          ...bySecret,
          id: "keyed",
          login: "google",
          credentials: { smtpUser: USER, serviceAccount: key },
        }),
        ...sender(),
        ...sender("keyed-send", { modem: "keyed" }),
        ...statusOf("send"),
      ],
      "full",
    );
    const ask = async (path: string, body?: object): Promise<string> => {
      const url = new URL(`quectel-modem/${path}`, gateway.url);
      const headers = { "content-type": "application/json" };
      const posted = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
      return (await fetch(url, posted)).text();
    };
    for (const id of ["modem", "keyed"]) await ask(`modems/${id}`, { action: "startTrace" });
    const mail = { payload: "Level too high", to: "duty@example.com" };
    for (let number = 0; number < mails; number++) {
      await gateway.inject("send-in", { topic: `Mail ${number}`, ...mail });
      await waitFor("the mail", async () => (await gateway.outcomes("send:sent")).length > number, PATIENCE);
      issued.add(tokens.newest);
    }
    const { id, type: _, ...properties } = account;
    const order = { kind: "facts", modem: id, flow: "", properties, credentials: {} };
    const asked: unknown = JSON.parse(await ask("connection-tests", order));
    const isAsked = typeof asked === "object" && asked !== null && "id" in asked;
    if (!isAsked) throw new Error(`the facts were refused: ${JSON.stringify(asked)}`);
    const facts = await waitFor(
      "the facts",
      async () => {
        const text = await ask(`connection-tests/${String(asked.id)}`);
        return text.includes('"phase":"ended"') && text;
      },
      PATIENCE,
    );
    seen.set("facts of the module", facts);
    // The endpoint repeats what it was sent, and the server takes no token any more.
    tokens.answer = (request, form, response) => {
      const reason = `no ${form.get("client_secret")}, nor ${tokens.newest}`;
      jsonAnswer(401, { error: "invalid_client", error_description: reason })(request, form, response);
    };
    server.refuse = { auth: 535 };
    await gateway.inject("send-in", { topic: "Waits", ...mail });
    await gateway.inject("keyed-send-in", { topic: "Waits", ...mail });
    // The endpoint of Google is beyond the simulated network.
    const isTold = async (id: string): Promise<boolean> =>
      /"code":"(SMTP|SOCKET)_/.test(await ask(`modems/${id}`));
    await waitFor("the refused token", () => isTold("modem"), PATIENCE);
    await waitFor("the key that was of no use", () => isTold("keyed"), PATIENCE);
    seen.set("answers of the admin API", (await Promise.all(SHOWN.map((path) => ask(path)))).join("\n"));
    await gateway.stop();
    seen.set("log at level trace", gateway.log.join("\n"));
    seen.set("messages and statuses of the flow", JSON.stringify(await gateway.outcomes()));
  } finally {
    await Promise.all([server.stop(), tokens.stop()]);
  }
  const lines = pem.split("\n").filter((line) => /^\w.{20,}/.test(line));
  const secrets = [CLIENT_SECRET, ...issued, ...lines];
  return {
    seen,
    logins: server.received.length,
    leaksIn: (text) => secrets.filter((secret) => formsOf(secret).some((form) => text.includes(form))),
  };
}
