/** The nodes that the tests' flows are made of, as the editor saves them. */

export type FlowNode = { readonly id: string; readonly type: string } & Readonly<Record<string, unknown>>;

/** File in the user directory to which the flow writes what leaves its nodes, one JSON object a line. */
export const OUTCOMES_FILE = "outcomes.jsonl";

/** A tab. */
export function tab(id = "tab", change: object = {}): FlowNode {
  return { id, type: "tab", label: id, disabled: false, ...change };
}

/** A modem on `serialPort`, whose mail server is on `smtpPort` of this machine. */
export function modem(serialPort: string, smtpPort: number, change: object = {}): FlowNode {
  return {
    id: "modem",
    type: "quectel-modem",
    name: "EC25",
    version: 1,
    transport: "serial",
    serialPort,
    apn: "internet",
    smtpHost: "127.0.0.1",
    smtpPort: String(smtpPort),
    smtpSecurity: "none",
    senderAddress: "pump7@example.com",
    ...change,
  };
}

/** An smtp-send node that is fed by an inject node `<id>-in`; its outputs are told as `<id>:sent` and `<id>:failed`. */
export function sender(id = "send", change: object = {}): FlowNode[] {
  return [
    input(`${id}-in`, id),
    {
      id,
      type: "quectel-smtp-send",
      z: "tab",
      name: id,
      version: 1,
      modem: "modem",
      x: 300,
      y: 100,
      wires: [[`${id}:sent`], [`${id}:failed`]],
      ...change,
    },
    ...teller(`${id}:sent`),
    ...teller(`${id}:failed`),
  ];
}

/** An outbox node `outbox`, fed by `outbox-in`; its outputs are told as `listed` and `orphans`. */
export function outbox(change: object = {}): FlowNode[] {
  return [
    input("outbox-in", "outbox"),
    {
      id: "outbox",
      type: "quectel-outbox",
      z: "tab",
      modem: "modem",
      version: 1,
      x: 300,
      y: 200,
      wires: [["listed"], ["orphans"]],
      ...change,
    },
    ...teller("listed"),
    ...teller("orphans"),
  ];
}

/** The statuses of a node, told as `status`. */
export function statusOf(id: string, z = "tab"): FlowNode[] {
  const place = { z, x: 100, y: 300 };
  return [
    { id: "status-node", type: "status", ...place, scope: [id], wires: [["status"]] },
    ...teller("status", z),
  ];
}

/** Errors of all nodes of the tab, told as `caught`. */
export function catcher(z = "tab"): FlowNode[] {
  const place = { z, x: 100, y: 400 };
  return [
    { id: "catch-node", type: "catch", ...place, scope: null, wires: [["caught"]] },
    ...teller("caught", z),
  ];
}

/** An inject node, which the tests press. */
export function input(id: string, target: string, z = "tab"): FlowNode {
  return { id, type: "inject", z, x: 100, y: 100, props: [], wires: [[target]] };
}

/** Writes each message that reaches the node `id` into the file of outcomes. */
export function teller(id: string, z = "tab"): FlowNode[] {
  const func = `
    const { topic, smtp, error, status, payload } = msg;
    const attachments = (msg.attachments ?? []).map(({ filename, content }) =>
      ({ filename, bytes: content?.length }));
    return { payload: { at: ${JSON.stringify(id)}, topic, smtp, error, status, payload, attachments } };`;
  const place = { z, x: 500, y: 100 };
  return [
    { id, type: "function", ...place, func, outputs: 1, libs: [], wires: [[`${id}:file`]] },
    {
      id: `${id}:file`,
      type: "file",
      ...place,
      filename: OUTCOMES_FILE,
      filenameType: "str",
      appendNewline: true,
      overwriteFile: "false",
      wires: [[]],
    },
  ];
}
