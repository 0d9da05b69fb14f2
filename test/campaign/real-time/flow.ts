/** The flow of the real-time run: an inject node that the driver presses, three smtp-send nodes, and a file of all ends. */
import type { FlowNode } from "../../system/deploy/parts";
import { attachmentByte, SENDERS, type Sender } from "./messages";

export type Mailer = "module" | "socket";

export interface FlowPlan {
  readonly serialPort: string;
  readonly smtpPort: number;
  readonly mailer: Mailer;
  /** Path of the file to which all that leaves the nodes is written. */
  readonly file: string;
  /** Another number is another name of the senders: what a deploy of modified nodes restarts. */
  readonly edition: number;
}

const place = { z: "tab", x: 100, y: 100 };
const libs = [{ var: "fs", module: "fs" }];

/** Writes at once, so that a kill takes nothing that was told. */
const WRITE = `const write = (line) => fs.appendFileSync(FILE, JSON.stringify({ at: Date.now(), topic: msg.topic, ...line }) + "\\n");`;

const RAISE = `
write({ what: "raised", sender: msg.sender, bytes: msg.bytes });
const content = Buffer.alloc(msg.bytes);
for (let index = 0; index < content.length; index++) content[index] = byteAt(index);
if (msg.bytes > 0) msg.attachments = [{ filename: "log.bin", content }];
msg.to = "duty@example.com";
msg.payload = "Level too high at pump 7";
return SENDERS.map((name) => (name === msg.sender ? msg : null));
`;

const TELL = `
const { smtp, error } = msg;
write({ what: smtp?.status === "queued" ? "queued" : OUTPUT, status: smtp?.status, isRecovered: smtp?.recovered, code: error?.code, outcome: error?.outcome });
`;

const SENDER: Readonly<Record<Sender, object>> = {
  send: {},
  queue: { emit: "whenQueued" },
  once: { delivery: "atMostOnce" },
};

export function realTimeFlow({ serialPort, smtpPort, mailer, file, edition }: FlowPlan): FlowNode[] {
  const code = (id: string, func: string, wires: readonly (readonly string[])[] = []): FlowNode => {
    const given = `const FILE = ${JSON.stringify(file)};\n${WRITE}\n`;
    return { id, type: "function", ...place, func: given + func, outputs: wires.length, libs, wires };
  };
  const constants = `const SENDERS = ${JSON.stringify(SENDERS)};\nconst byteAt = ${attachmentByte.toString()};\n`;
  return [
    { id: "tab", type: "tab", label: "real time", disabled: false },
    {
      id: "modem",
      type: "quectel-modem",
      version: 1,
      transport: "serial",
      serialPort,
      mailer,
      apn: "internet",
      smtpHost: "127.0.0.1",
      smtpPort: String(smtpPort),
      smtpSecurity: "none",
      senderAddress: "pump7@example.com",
    },
    { id: "alarm", type: "inject", ...place, props: [], wires: [["raise"]] },
    code(
      "raise",
      constants + RAISE,
      SENDERS.map((name) => [name]),
    ),
    ...SENDERS.map((id) => ({
      id,
      type: "quectel-smtp-send",
      ...place,
      version: 1,
      name: `${id} ${edition}`,
      modem: "modem",
      errorTo: "output",
      wires: [["sent"], ["failed"]],
      ...SENDER[id],
    })),
    code("sent", `const OUTPUT = "sent";\n${TELL}`),
    code("failed", `const OUTPUT = "failed";\n${TELL}`),
    { id: "command", type: "inject", ...place, props: [], wires: [["outbox"]] },
    { id: "outbox", type: "quectel-outbox", ...place, version: 1, modem: "modem", wires: [[], ["failed"]] },
  ];
}
