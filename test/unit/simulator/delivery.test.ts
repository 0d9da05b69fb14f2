import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { DeliveryFailure, localFailure } from "../../../lib/simulator/delivery/smtp-codes";
import { deliver } from "../../../lib/simulator/delivery/smtp-delivery";
import { MailServer, type Stage } from "../../support/mail-server";
import { ScriptedSmtp, wellBehavedBut } from "../../support/scripted-smtp";
import { allowSilence } from "../../support/silence";
import { VirtualClock } from "../../support/virtual-clock";
import { usualHabits } from "../../../lib/simulator/delivery/smtp-delivery";
import { delivery, realTime } from "./delivery-setup";

/** Section 2.8 of the fact base: reply code of the server and the module's number. */
const replies = [
  [421, 666],
  [450, 667],
  [451, 668],
  [452, 669],
  [500, 670],
  [501, 671],
  [502, 672],
  [503, 673],
  [504, 674],
  [521, 675],
  [530, 676],
  [535, 677],
  [550, 678],
  [551, 679],
  [552, 680],
  [553, 681],
  [554, 682],
  [454, 682],
  [571, 682],
] as const;

const account = { user: "pump7", password: "secret" };

describe("delivery by the simulated module", () => {
  let server: MailServer | ScriptedSmtp | undefined;
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  const mailServer = async (options = {}): Promise<MailServer> => (server = await MailServer.start(options));
  const scripted = async (exceptions: Record<string, string>): Promise<ScriptedSmtp> =>
    (server = await ScriptedSmtp.start(wellBehavedBut(exceptions)));
  const result = (err: number, protocolError = 0): object => ({ err, protocolError });

  it("hands a mail over and reports 0,0", async () => {
    const { port } = await mailServer();
    assert.deepEqual(await deliver(delivery(port), {}, realTime()), result(0));
    const mail = await (server as MailServer).waitForMail();
    assert.equal(mail.opening, "EHLO");
    assert.equal(mail.clientName, "localhost");
    assert.deepEqual(mail.to, ["duty@example.com"]);
    assert.equal(mail.raw.toString(), "Subject: alarm\r\n\r\nLevel\r\n");
  });

  it("sends one RCPT per recipient in their order and ends with QUIT", async () => {
    const { port, lines } = await scripted({});
    const recipients = ["to@example.com", "cc@example.com", "bcc@example.com"];
    assert.deepEqual(await deliver(delivery(port, { recipients }), {}, realTime()), result(0));
    assert.deepEqual(lines, [
      "EHLO localhost",
      "MAIL FROM:<pump7@example.com>",
      "RCPT TO:<to@example.com>",
      "RCPT TO:<cc@example.com>",
      "RCPT TO:<bcc@example.com>",
      "DATA",
      "Subject: alarm",
      "",
      "Level",
      ".",
      "QUIT",
    ]);
  });

  it("gives the whole mail up when one recipient is refused", async () => {
    const receiver = await mailServer({ refuse: { rcpt: { "cc@example.com": 550 } } });
    const recipients = ["to@example.com", "cc@example.com", "bcc@example.com"];
    assert.deepEqual(
      await deliver(delivery(receiver.port, { recipients }), {}, realTime()),
      result(678, 550),
    );
    assert.equal(receiver.received.length, 0);
  });

  it("says HELO to a server that does not know EHLO", async () => {
    const { port, lines } = await scripted({ EHLO: "500 what?" });
    assert.deepEqual(await deliver(delivery(port), {}, realTime()), result(0));
    assert.deepEqual(lines.slice(0, 2), ["EHLO localhost", "HELO localhost"]);
  });

  for (const stage of ["connect", "auth", "mail", "rcpt", "data"] as const satisfies readonly Stage[]) {
    it(`reports every refusal at ${stage} with the number of the fact base`, async () => {
      // One server for each code, all at once.
      await Promise.all(
        replies.map(async ([code, err]) => {
          const receiver = await MailServer.start({ auth: account, refuse: { [stage]: code } });
          const outcome = await deliver(delivery(receiver.port, account), {}, realTime());
          await receiver.stop();
          assert.deepEqual(outcome, result(err, code));
          assert.equal(receiver.received.length, 0);
        }),
      );
    });
  }

  it("reports a refusal of both EHLO and HELO, and of a DATA that is cut short by the server", async () => {
    const hello = await scripted({ EHLO: "502 no", HELO: "550 no" });
    assert.deepEqual(await deliver(delivery(hello.port), {}, realTime()), result(678, 550));
    await hello.stop();
    const data = await scripted({ "line of data": "552 too much" });
    const message = Array.from({ length: 2000 }, () => Buffer.from(`${"A".repeat(1000)}\r\n`));
    assert.deepEqual(await deliver(delivery(data.port, { message }), {}, realTime()), result(680, 552));
  });

  it("takes 421 to EHLO as the end instead of trying HELO", async () => {
    const { port, lines } = await scripted({ EHLO: "421 closing" });
    assert.deepEqual(await deliver(delivery(port), {}, realTime()), result(666, 421));
    assert.ok(!lines.includes("HELO localhost"));
  });

  describe("where the module's client differs", () => {
    const login = { user: "pump7", password: "secret" };

    for (const [what, exceptions] of [
      ["does not offer STARTTLS", {}],
      ["refuses STARTTLS", { EHLO: "250-test\r\n250 STARTTLS", STARTTLS: "454 not now" }],
    ] as const) {
      it(`sends in clear text to a server that ${what}, or fails`, async () => {
        const { port, lines } = await scripted(exceptions);
        const asked = { ...delivery(port), security: "starttls" } as const;
        const clear = { ...asked, habits: { ...usualHabits, starttlsMissing: "clear" } } as const;
        assert.deepEqual(await deliver(clear, {}, realTime()), result(0));
        assert.ok(lines.includes("MAIL FROM:<pump7@example.com>"));
        lines.length = 0;
        assert.notDeepEqual(await deliver(asked, {}, realTime()), result(0));
        assert.ok(!lines.some((line) => line.startsWith("MAIL")));
      });
    }

    it("announces PLAIN and says nothing more, until the server has had enough", async () => {
      const { port, lines } = await scripted({ EHLO: "250-test\r\n250 AUTH PLAIN", AUTH: "334 go on" });
      const clock = new VirtualClock();
      const silent = delivery(port, { ...login, habits: { ...usualHabits, silentPlain: true } });
      const environment = { ...realTime(), clock, busy: allowSilence(clock) };
      assert.deepEqual(await clock.until(deliver(silent, {}, environment)), result(658));
      assert.deepEqual(lines, ["EHLO localhost", "AUTH PLAIN"]);
    });

    it("does not know mechanisms in lower case", async () => {
      const { port } = await scripted({ EHLO: "250-test\r\n250 AUTH login plain" });
      const strict = delivery(port, { ...login, habits: { ...usualHabits, upperCaseLogin: true } });
      assert.deepEqual(await deliver(strict, {}, realTime()), result(655));
    });
  });

  describe("authentication", () => {
    it("prefers LOGIN", async () => {
      const receiver = await mailServer({ auth: account });
      assert.deepEqual(await deliver(delivery(receiver.port, account), {}, realTime()), result(0));
      assert.equal((await receiver.waitForMail()).authMethod, "LOGIN");
    });

    it("uses PLAIN where LOGIN is not offered", async () => {
      const receiver = await mailServer({ auth: account, authMethods: ["PLAIN", "XOAUTH2"] });
      assert.deepEqual(await deliver(delivery(receiver.port, account), {}, realTime()), result(0));
      const mail = await receiver.waitForMail();
      assert.equal(mail.authMethod, "PLAIN");
      assert.equal(mail.user, "pump7");
    });

    it("reports 655 when the server offers other mechanisms only", async () => {
      const receiver = await mailServer({ auth: account, authMethods: ["XOAUTH2"] });
      assert.deepEqual(await deliver(delivery(receiver.port, account), {}, realTime()), result(655));
    });

    it("reports 677,535 for a wrong password", async () => {
      const receiver = await mailServer({ auth: account });
      const wrong = { ...account, password: "wrong" };
      assert.deepEqual(await deliver(delivery(receiver.port, wrong), {}, realTime()), result(677, 535));
    });

    it("sends no login to a server that offers none", async () => {
      const receiver = await mailServer();
      assert.deepEqual(await deliver(delivery(receiver.port, account), {}, realTime()), result(0));
      assert.equal((await receiver.waitForMail()).user, undefined);
    });

    it("reports 676,530 when a login is needed and none is configured", async () => {
      const receiver = await mailServer({ auth: account });
      assert.deepEqual(await deliver(delivery(receiver.port), {}, realTime()), result(676, 530));
    });
  });

  describe("a network that fails", () => {
    it("reports 654 when nobody listens", async () => {
      const closed = createServer().listen(0, "127.0.0.1");
      await once(closed, "listening");
      const address = closed.address();
      assert.ok(address !== null && typeof address === "object");
      closed.close();
      await once(closed, "close");
      assert.deepEqual(await deliver(delivery(address.port), {}, realTime()), result(654));
    });

    it("reports 653 for a name nobody knows", async () => {
      const unknown = delivery(25, { host: "mail.invalid" });
      assert.deepEqual(await deliver(unknown, {}, realTime()), result(653));
    });

    it("knows the names a test gives it", async () => {
      const receiver = await mailServer();
      const named = delivery(receiver.port, { host: "Mail.Example.com" });
      const hosts = { "mail.example.com": "127.0.0.1" };
      assert.deepEqual(await deliver(named, { hosts, loopbackOnly: true }, realTime()), result(0));
    });

    for (const host of ["192.0.2.1", "mail.example.com", "elsewhere.example.com", "::2"]) {
      it(`reports 654 for ${host} when it may deliver to loopback only`, async () => {
        const network = { loopbackOnly: true, hosts: { "elsewhere.example.com": "192.0.2.7" } };
        assert.deepEqual(await deliver(delivery(25, { host }), network, realTime()), result(654));
      });
    }

    for (const step of ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "."]) {
      it(`reports 656 when the server hangs up at ${step}`, async () => {
        const { port } = await scripted({ [step]: "(close)" });
        assert.deepEqual(await deliver(delivery(port), {}, realTime()), result(656));
      });
    }

    for (const step of ["EHLO", "MAIL", "RCPT", "DATA", "."]) {
      it(`reports 656 when the server resets the connection at ${step}`, async () => {
        const { port } = await scripted({ [step]: "(reset)" });
        assert.deepEqual(await deliver(delivery(port), {}, realTime()), result(656));
      });
    }

    it("reports a mail as sent although the server hangs up at QUIT", async () => {
      const { port } = await scripted({ QUIT: "(reset)" });
      assert.deepEqual(await deliver(delivery(port), {}, realTime()), result(0));
    });

    it("reports 651 for a server that does not speak SMTP", async () => {
      const { port } = await scripted({ greeting: "SSH-2.0-test" });
      assert.deepEqual(await deliver(delivery(port), {}, realTime()), result(651));
    });
  });

  describe("a silent server", () => {
    for (const step of ["greeting", "EHLO", "RCPT", "."]) {
      it(`is given 120 s at ${step}, then 658 is reported`, async () => {
        const { port } = await scripted({ [step]: "(silence)" });
        const clock = new VirtualClock();
        const environment = { ...realTime(), clock, busy: allowSilence(clock) };
        assert.deepEqual(await clock.until(deliver(delivery(port), {}, environment)), result(658));
        assert.equal(clock.now(), 120_000);
        assert.equal(clock.timers, 0);
      });
    }

    it("is not waited for when it answers in time of the module, however long the host takes", async () => {
      const receiver = await mailServer();
      const release = receiver.hold("mail");
      void receiver.waitForStage("mail").then(() => setImmediate(release));
      const clock = new VirtualClock();
      const environment = { ...realTime(), clock, busy: clock.busy.bind(clock) };
      assert.deepEqual(await clock.until(deliver(delivery(receiver.port), {}, environment)), result(0));
      assert.equal(clock.now(), 0);
    });
  });

  describe("an interruption", () => {
    it("ends the mail with the numbers of its reason", async () => {
      const receiver = await mailServer();
      receiver.hold("rcpt");
      const interruption = new AbortController();
      const outcome = deliver(delivery(receiver.port), {}, realTime(interruption.signal));
      await receiver.waitForStage("rcpt");
      interruption.abort(localFailure("contextLost", "context 1 is gone"));
      assert.deepEqual(await outcome, result(657));
    });

    it("without numbers rejects, as after a restart nobody is left to report to", async () => {
      const receiver = await mailServer();
      receiver.hold("mail");
      const interruption = new AbortController();
      const outcome = deliver(delivery(receiver.port), {}, realTime(interruption.signal));
      await receiver.waitForStage("mail");
      interruption.abort(new Error("restart"));
      await assert.rejects(
        outcome,
        (error) => !(error instanceof DeliveryFailure) && /restart/.test(String(error)),
      );
    });
  });

  describe("a fault plan", () => {
    for (const step of ["connect", "greeting", "ehlo", "auth", "mail", "rcpt", "data", "end"] as const) {
      it(`can refuse at ${step} in the server's name`, async () => {
        const receiver = await mailServer({ auth: account });
        const faulty = delivery(receiver.port, {
          ...account,
          before: async (asked) => (asked === step ? { code: 452, text: "full" } : undefined),
        });
        assert.deepEqual(await deliver(faulty, {}, realTime()), result(669, 452));
        assert.equal(receiver.received.length, 0);
      });
    }
  });
});
