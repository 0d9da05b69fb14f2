/** The flow of the load: an address that starts a burst, one smtp-send, and an address that tells what became of it. */
import type { FlowNode } from "../../system/deploy/parts";

/** Spreads the messages evenly over one second. */
const BURST = `
const count = Number(msg.req.query.count);
const names = ["accepted", "refused", "failed"];
for (const name of names) flow.set(name, 0);
flow.set("codes", {});
let sent = 0;
const started = Date.now();
const timer = setInterval(() => {
  const due = Math.min(count, Math.ceil((count * (Date.now() - started)) / 1000));
  for (; sent < due; sent++) node.send([null, { topic: "burst " + sent, payload: "Level too high at pump 7", to: "duty@example.com" }]);
  if (sent >= count) clearInterval(timer);
}, 5);
msg.payload = "started";
return [msg, null];
`;

const COUNT_ACCEPTED = `flow.set("accepted", flow.get("accepted") + 1);`;
const COUNT_REFUSED = `
flow.set("refused", flow.get("refused") + 1);
const codes = flow.get("codes");
codes[msg.error.code] = (codes[msg.error.code] || 0) + 1;
`;
const FIGURES = `
msg.payload = { accepted: flow.get("accepted"), refused: flow.get("refused"), codes: flow.get("codes") };
return msg;
`;

export function loadFlow(modemPort: number, smtpPort: number, maxQueued: number): FlowNode[] {
  const place = { z: "tab", x: 100, y: 100 };
  const code = (
    id: string,
    func: string,
    outputs: number,
    wires: readonly (readonly string[])[],
  ): FlowNode => ({
    id,
    type: "function",
    ...place,
    func,
    outputs,
    wires,
  });
  return [
    { id: "tab", type: "tab", label: "load", disabled: false },
    {
      id: "modem",
      type: "quectel-modem",
      version: 1,
      transport: "tcp",
      tcpHost: "127.0.0.1",
      tcpPort: String(modemPort),
      smtpHost: "127.0.0.1",
      smtpPort: String(smtpPort),
      smtpSecurity: "none",
      senderAddress: "pump7@example.com",
      maxQueued: String(maxQueued),
    },
    { id: "burst-in", type: "http in", ...place, url: "/burst", method: "get", wires: [["burst"]] },
    code("burst", BURST, 2, [["answer"], ["send"]]),
    { id: "figures-in", type: "http in", ...place, url: "/figures", method: "get", wires: [["figures"]] },
    code("figures", FIGURES, 1, [["answer"]]),
    { id: "answer", type: "http response", ...place, wires: [] },
    {
      id: "send",
      type: "quectel-smtp-send",
      ...place,
      version: 1,
      modem: "modem",
      emit: "whenQueued",
      errorTo: "output",
      wires: [["count-accepted"], ["count-refused"]],
    },
    code("count-accepted", COUNT_ACCEPTED, 0, []),
    code("count-refused", COUNT_REFUSED, 0, []),
  ];
}
