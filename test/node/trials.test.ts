/** The test buttons of the modem's dialog, as its browser uses them: endpoints of a real runtime. */
import assert from "node:assert/strict";
import helper from "node-red-node-test-helper";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { FlowBench, helperNode, modemNode, sendNode } from "./support/flow-bench";

type Loose = ReturnType<JSON["parse"]>;

describe("A trial of a modem's settings", () => {
  const bench = new FlowBench();
  let server: MailServer;

  before(async () => {
    await new Promise<void>((started) => helper.startServer(started));
  });

  after(async () => {
    await new Promise<void>((stopped) => helper.stopServer(stopped));
  });

  beforeEach(async () => {
    server = await MailServer.start({ auth: { user: "pump7", password: "s3cret-word" } });
  });

  afterEach(async () => {
    await bench.end();
    await server.stop();
  });

  const properties = (change: object = {}): object => {
    const { id: _, type: __, ...saved } = modemNode(server.port);
    return { ...saved, ...change };
  };
  const order = (change: object = {}): object => ({
    kind: "diagnosis",
    modem: "modem",
    flow: "",
    properties: properties(),
    credentials: { smtpUser: "pump7", smtpPassword: "s3cret-word" },
    ...change,
  });
  const post = async (body: object): Promise<{ status: number; body: Loose }> =>
    helper.request().post("/quectel-modem/trials").send(body);
  const look = async (id: string): Promise<Loose> =>
    (await helper.request().get(`/quectel-modem/trials/${id}`)).body;
  /** Starts a trial and resolves with how it ended. */
  const run = async (body: object): Promise<Loose> => {
    const { status, body: answer } = await post(body);
    assert.equal(status, 200, JSON.stringify(answer));
    return waitFor("the end of the trial", async () => {
      const view = await look(answer.id);
      assert.doesNotMatch(JSON.stringify(view), /s3cret-word/);
      return view.phase === "ended" ? view : undefined;
    });
  };
  const statuses = ({ steps }: Loose): object =>
    Object.fromEntries(steps.map((step: Loose) => [step.name, step.status]));

  it("walks the ladder with the values just typed, of a modem that is not deployed", async () => {
    await bench.load([helperNode("other")]);
    const view = await run(order());
    assert.deepEqual(view.end, { kind: "done" });
    assert.deepEqual(Object.keys(statuses(view)), view.ladder);
    assert.deepEqual(
      view.steps.filter(({ status }: Loose) => status === "failed"),
      [],
    );
  });

  it("sends a mail outside the outbox, and the diagnosis after it knows that the login works", async () => {
    await bench.load([modemNode(server.port), sendNode(), helperNode("sent"), helperNode("failed")]);
    const view = await run(order({ kind: "mail", recipient: "duty@example.com" }));
    assert.deepEqual(view.end, { kind: "done" });
    const mail = await server.waitForMail();
    assert.deepEqual(mail.to, ["duty@example.com"]);
    assert.equal(mail.user, "pump7");
    assert.equal(mail.parsed.subject, view.mail.subject);
    assert.match(mail.parsed.text ?? "", new RegExp(`${view.mail.accents}[^]+${view.mail.chinese}`));
    const after = await run(order());
    assert.equal((statuses(after) as Loose).login, "ok");
  });
});
