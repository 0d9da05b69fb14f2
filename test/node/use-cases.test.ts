/** What users send, and what they most often get wrong: which message leaves which output, and what the status says. */
import assert from "node:assert/strict";
import { change, simCard } from "../../lib/simulator";
import { MailServer } from "../support/mail-server";
import { FlowBench, helperNode, sendNode, type FlowNode } from "./support/flow-bench";
import { ServedModem } from "./support/served-modem";

const AUTH = { user: "pump7@example.com", password: "s3cret-word" } as const;
const SMTP_LOGIN = { smtpUser: AUTH.user, smtpPassword: AUTH.password } as const;

describe("A user", () => {
  const bench = new FlowBench();
  let modem: ServedModem;
  let server: MailServer;

  beforeEach(async () => {
    modem = await ServedModem.start();
    server = await MailServer.start({ auth: AUTH });
  });

  afterEach(async () => {
    await bench.end();
    await modem.stop();
    await server.stop();
  });

  const flow = (settings: object = {}): readonly FlowNode[] => [
    modem.node(server.port, settings),
    sendNode(),
    { id: "catch", type: "catch", z: "tab", scope: null, wires: [["caught"]] },
    ...["sent", "failed", "caught"].map(helperNode),
  ];
  const load = (settings: object = {}, credentials: object = SMTP_LOGIN): Promise<void> =>
    bench.load(flow(settings), { modem: credentials });
  const counts = (): readonly number[] => ["sent", "failed", "caught"].map((id) => bench.count(id));

  it("sends a plain mail: output 1 only, status back to ready", async () => {
    await load();
    bench.inject("send", { to: "duty@example.com", topic: "Pump 7 alarm", payload: "Level 94 %" });
    const { smtp } = await bench.received("sent");
    assert.equal(smtp.status, "sent");
    assert.deepEqual(smtp.warnings, []);
    const [mail] = server.received;
    assert.deepEqual(
      [mail?.to, mail?.parsed.subject, mail?.parsed.text?.trim()],
      [["duty@example.com"], "Pump 7 alarm", "Level 94 %"],
    );
    await bench.showsStatus("send", "ready");
    assert.deepEqual(counts(), [1, 0, 0]);
  });

  it("sends Chinese, German and emoji in subject and text: they arrive letter by letter, without a warning", async () => {
    await load();
    const topic = "Füllstand 水位过高 🚨";
    const payload = "Füllstand zu hoch: 3,2 m\n水位过高，请立即检查\n🚨 größer als € 100";
    bench.inject("send", { to: "duty@example.com", topic, payload });
    const { smtp } = await bench.received("sent");
    const [mail] = server.received;
    assert.equal(mail?.parsed.subject, topic);
    assert.equal(mail?.parsed.text?.trim(), payload);
    assert.deepEqual(smtp.warnings, []);
    assert.deepEqual(counts(), [1, 0, 0]);
  });

  it("attaches files of 1 byte, 1,024 bytes and 300 kB: the server has them bit by bit", async () => {
    await load();
    const contents = [1, 1024, 300_000].map((size) =>
      Buffer.from(Uint8Array.from({ length: size }, (_none, at) => (at * 131) ^ (at >> 8))),
    );
    const names = ["byte.txt", "block.bin", "picture.jpg"];
    const attachments = contents.map((content, at) => ({ filename: names[at], content }));
    bench.inject("send", { to: "duty@example.com", topic: "Files", payload: "See the files.", attachments });
    const { smtp, ...message } = await bench.received("sent");
    const received = server.received[0]?.parsed.attachments ?? [];
    assert.deepEqual(
      received.map(({ filename }) => filename),
      names,
    );
    for (const [at, content] of contents.entries())
      assert.ok(received[at]?.content.equals(content), names[at]);
    assert.equal(smtp.bytes, "See the files.".length + 1 + 1024 + 300_000);
    assert.deepEqual(
      message.attachments,
      contents.map(({ length }, at) => ({ filename: names[at], size: length })),
    );
    assert.deepEqual(counts(), [1, 0, 0]);
  });

  it("sends to Cc and Bcc: each gets it once, and nobody can read who is in Bcc", async () => {
    await load();
    bench.inject("send", {
      to: "duty@example.com, night@example.com",
      cc: ["boss@example.com"],
      bcc: "archive@example.com, auditor@example.com",
      topic: "Pump 7 alarm",
      payload: "Level 94 %",
    });
    const { smtp } = await bench.received("sent");
    const everybody = [
      "duty@example.com",
      "night@example.com",
      "boss@example.com",
      "archive@example.com",
      "auditor@example.com",
    ];
    assert.deepEqual(smtp.accepted, everybody);
    const [open, ...hidden] = server.received;
    assert.deepEqual(open?.to, everybody.slice(0, 3));
    assert.doesNotMatch(open?.raw.toString() ?? "", /archive|auditor/);
    assert.deepEqual(
      hidden.map(({ to }) => to),
      [["archive@example.com"], ["auditor@example.com"]],
    );
    assert.doesNotMatch(hidden[0]?.raw.toString() ?? "", /auditor/);
    assert.doesNotMatch(hidden[1]?.raw.toString() ?? "", /archive/);
    assert.deepEqual(counts(), [1, 0, 0]);
  });

  it("sends more text than a body may hold: the beginning is in the mail, the whole beside it, and a warning says so", async () => {
    await load();
    const payload = `first line\n${"Pegel 3,2 m über Normal\n".repeat(600)}last line`;
    bench.inject("send", { to: "duty@example.com", topic: "Report", payload });
    const { smtp } = await bench.received("sent");
    const [mail] = server.received;
    assert.match(
      mail?.parsed.text ?? "",
      /^first line[^]*The whole text \(\d+ bytes\) is in the attachment message\.txt\.\s*$/,
    );
    const [file] = mail?.parsed.attachments ?? [];
    assert.equal(file?.filename, "message.txt");
    assert.equal(
      file?.content
        .toString("utf8")
        .replaceAll("\r\n", "\n")
        .replace(/^\uFEFF/, "")
        .trim(),
      payload,
    );
    assert.ok(smtp.warnings.some((warning: string) => warning.includes("message.txt")));
  });

  it("typed a wrong password: told once with what to do, tried once, and the mail goes when it is corrected", async () => {
    await load({}, { ...SMTP_LOGIN, smtpPassword: "wrong-word" });
    bench.inject("send", { to: "duty@example.com", topic: "Pump 7 alarm", payload: "Level 94 %" });
    await bench.showsStatus("send", "login refused · 1 ✉");
    const { error } = await bench.received("caught");
    assert.equal(error.code, "SMTP_AUTH_FAILED");
    assert.match(error.message, /rejected the username or password/);
    assert.match(error.message, /app password/);
    assert.doesNotMatch(JSON.stringify(error), /wrong-word/);
    assert.equal(modem.lines("AT+QSMTPPUT=").length, 1);
    assert.deepEqual(counts(), [0, 0, 1]);
    await bench.unload();
    await load();
    const { smtp } = await bench.received("sent");
    assert.deepEqual([smtp.status, smtp.recovered], ["sent", true]);
    await bench.showsStatus("send", /^sent, /);
  });

  it("typed a wrong PIN: it is sent once, never again, also over restarts, and the mail goes when it is corrected", async () => {
    change(modem.module, simCard, { pin: "4711" });
    modem.module.restart("restart");
    await load({}, { ...SMTP_LOGIN, simPin: "1234" });
    bench.inject("send", { to: "duty@example.com", topic: "Pump 7 alarm", payload: "Level 94 %" });
    await bench.showsStatus("send", "SIM PIN refused · 1 ✉");
    const { error } = await bench.received("caught");
    assert.equal(error.code, "SIM_PIN_REFUSED");
    assert.match(error.message, /not tried again until you change it/);
    assert.doesNotMatch(JSON.stringify(error), /1234/);
    for (const again of ["deploy", "restart of the module"]) {
      if (again === "restart of the module") modem.module.restart("powerLoss");
      await bench.unload();
      await load({}, { ...SMTP_LOGIN, simPin: "1234" });
      await bench.showsStatus("send", "SIM PIN refused · 1 ✉");
      assert.equal(modem.lines("AT+CPIN=").length, 1, again);
    }
    assert.equal(modem.module.state(simCard).pinTriesLeft, 2);
    await bench.unload();
    await load({}, { ...SMTP_LOGIN, simPin: "4711" });
    assert.equal((await bench.received("sent")).smtp.status, "sent");
    assert.equal(modem.module.state(simCard).pinTriesLeft, 3);
  });

  it("forgot the APN: told once with what to do, and the mail goes when it is set", async () => {
    await load({ contextId: "5" });
    bench.inject("send", { to: "duty@example.com", topic: "Pump 7 alarm", payload: "Level 94 %" });
    await bench.showsStatus("send", /^APN missing · 1 ✉ · next try \d\d:\d\d$/);
    const { error } = await bench.received("caught");
    assert.equal(error.code, "PDP_NO_APN");
    assert.match(error.message, /APN/);
    assert.deepEqual(counts(), [0, 0, 1]);
    await bench.unload();
    await load({ contextId: "5", apn: "internet" });
    assert.equal((await bench.received("sent")).smtp.status, "sent");
    await bench.showsStatus("send", /^sent, /);
  });
});
