/**
 * What a connection test does once its port is open: the diagnosis, a mail, or the facts of the module.
 *
 * Each tells its steps while it goes on. A fault of the mail's way is a step that failed, not an error of the test.
 */
import { randomUUID } from "node:crypto";
import { stateWhere } from "../../../lib/quectel/connection/modem-state";
import { diagnose, STEP_NAMES } from "../../../lib/quectel/diagnosis/diagnosis";
import { askFacts, QUESTIONS } from "../../../lib/facts";
import { differs, type Fact, type FactsReport } from "../../../lib/facts/report";
import type { Lease } from "../../../lib/quectel/connection/mail-lock";
import { moduleFits } from "../../../lib/mailer/auto/choice";
import type { Mailer, MailerProgress } from "../../../lib/mailer/mailer";
import type { QsmtpMailer } from "../../../lib/mailer/qsmtp/qsmtp-mailer";
import type { WrittenCoding } from "../../../lib/mailer/qsmtp/readable-codings";
import { found } from "../../../lib/quectel/diagnosis/findings";
import type { LastMail, ServerSession } from "../../../lib/quectel/diagnosis/diagnosis-report";
import { sendNow } from "../../../lib/mailer/send-now";
import { within } from "../../../lib/async";
import { asModemError } from "../../../lib/errors";
import { hintKeyOf } from "../admin/admin-routes";
import type { MailPath } from "../modem/assembly";
import type { ModemSettings } from "../settings/modem-settings";
import { sendsToSimulatedInbox, simulatedInbox } from "../modem/simulated-inbox";
import { smtpPart } from "../modem/smtp-part";
import type { TestKind } from "./request";
import { testMail, testMailText } from "./test-mail";
import { failedStep, type SentTestMail, type TestStep } from "./test-view";

/** What a connection test works with and whom it tells. */
export interface TestWork {
  readonly mailPath: MailPath;
  readonly settings: ModemSettings;
  /** The mail lock of the connection test's own modem. */
  readonly lease: Lease;
  readonly recipient: string;
  readonly lastMail: LastMail | undefined;
  readonly signal: AbortSignal;
  /** Aborted when the mail path is closed although the work goes on. */
  readonly gone: AbortSignal;
  readonly tell: (step: TestStep) => void;
}

/** What came of it beside the steps. */
export interface TestYield {
  readonly mail?: SentTestMail;
  /** How the module's client wrote it, where a person is asked whether it can be read. */
  readonly coding?: WrittenCoding;
  readonly facts?: FactsReport;
}

interface Kind {
  readonly ladder: (settings: Pick<ModemSettings, "mailer" | "smtp">) => readonly string[];
  /** Number of steps where there is no ladder. */
  readonly total?: number;
  readonly run: (work: TestWork) => Promise<TestYield>;
}

type MailStep = "modem" | Exclude<MailerProgress["stage"], "upload">;

const MODULE_STEPS = ["modem", "connect", "settings", "body", "sending"] as const;
const SOCKET_STEPS = ["modem", "token", "connect", "tls", "login", "envelope", "data", "commit"] as const;

/** Where each mail takes the way that fits it, one test mail goes by each of them. */
function stepsOfBothWays({ smtp }: Pick<ModemSettings, "smtp">): readonly string[] {
  return ["modem", "byModule", ...(smtp.tokens === undefined ? [] : ["token"]), "bySocket"];
}

export const KINDS: Readonly<Record<TestKind, Kind>> = {
  diagnosis: { ladder: () => STEP_NAMES, run: runDiagnosis },
  mail: {
    ladder: (settings) => (settings.mailer === "auto" ? stepsOfBothWays(settings) : stepsOf(settings)),
    run: (work) => (work.settings.mailer === "auto" ? sendBothWays(work) : sendTestMail(work)),
  },
  facts: { ladder: () => [], total: QUESTIONS.length, run: runFacts },
};

/** The steps of one mail, without those that the settings leave out. */
function stepsOf({ mailer, smtp }: Pick<ModemSettings, "mailer" | "smtp">): readonly MailStep[] {
  if (mailer !== "socket") return MODULE_STEPS;
  const without = new Set<MailStep>();
  if (smtp.security === "none") without.add("tls");
  if (smtp.tokens === undefined) without.add("token");
  if (smtp.user === "" && smtp.password === "" && smtp.tokens === undefined) without.add("login");
  return SOCKET_STEPS.filter((step) => !without.has(step));
}

/** Milliseconds that a module may take to find card and network; see the patience of LifecycleReports. */
const READY_TIME_MS = 90_000;

/** Who checks the certificate of the mail server, by the way that mails take. */
const CHECKED_BY = { module: "module", socket: "host", auto: "both" } as const;

/** A session with the mail server by this package itself; where its code cannot be loaded, one that says so. */
function sessionOf({ modem, moduleClock, sockets }: MailPath, { smtp }: ModemSettings): ServerSession {
  try {
    const { ServerCheck } = smtpPart();
    return new ServerCheck({ modem, moduleClock, sockets, settings: smtp });
  } catch (cause) {
    const error = asModemError(cause);
    return {
      trouble: error,
      encrypt: () => Promise.reject(error),
      login: () => Promise.resolve(false),
      end: () => Promise.resolve(),
    };
  }
}

async function runDiagnosis(work: TestWork): Promise<TestYield> {
  const { mailPath, settings, lease, lastMail, signal, tell } = work;
  const { modem, pdp, moduleClock, sockets } = mailPath;
  // The mailbox of the simulated modem is no server that one could connect to.
  const connection = {
    sockets,
    ...(settings.mailer !== "module" && { session: sessionOf(mailPath, settings) }),
  };
  await diagnose(
    {
      modem,
      pdp,
      moduleClock,
      network: settings.network,
      smtp: settings.smtp,
      lease,
      checkedBy: CHECKED_BY[settings.mailer],
      ...(sendsToSimulatedInbox(settings) ? {} : connection),
      ...(lastMail === undefined ? {} : { lastMail }),
      onStep: (step) => {
        const hintKey = hintKeyOf(step.code, step.hint);
        tell({ ...step, ...(hintKey === undefined ? {} : { hintKey }) });
      },
    },
    signal,
  );
  return {};
}

async function sendTestMail(work: TestWork): Promise<TestYield> {
  const steps = new MailSteps(stepsOf(work.settings), work.tell);
  try {
    steps.next(await readyModel(work));
    const { client, mailer } = work.mailPath;
    const sent = await deliver(work, mailer, client, (stage) =>
      steps.enter(stage === "upload" ? "body" : stage),
    );
    steps.finish(`${sent.mail.seconds} s`);
    return sent;
  } catch (error) {
    work.signal.throwIfAborted();
    steps.fail(error);
    return {};
  }
}

/** One mail by each way, side by side: either may be the way of an alarm. */
async function sendBothWays(work: TestWork): Promise<TestYield> {
  const { mailPath, settings, tell, signal } = work;
  const { module, socket } = mailPath.byWay;
  try {
    tell({ name: "modem", status: "ok", detail: await readyModel(work) });
  } catch (error) {
    signal.throwIfAborted();
    tell(failedStep("modem", error));
    return {};
  }
  let sent: Delivered | undefined;
  // The endpoint of the tokens is another server than that of the mails, so it is a step of its own.
  let isFetching = false;
  const send = async (name: string, mailer: Mailer | undefined): Promise<void> => {
    if (mailer === undefined) return;
    try {
      const delivered = await deliver(work, mailer, mailer === module ? module : undefined, (stage) => {
        if (isFetching && stage !== "token") tell({ name: "token", status: "ok", detail: "" });
        isFetching = stage === "token";
      });
      tell({ name, status: "ok", detail: `${delivered.mail.seconds} s` });
      // What a person may have to say about letters concerns the module's own client.
      sent ??= delivered;
    } catch (error) {
      signal.throwIfAborted();
      tell(failedStep(isFetching ? "token" : name, error));
      if (isFetching) tell({ name, status: "skipped", detail: "needs: token", needs: "token" });
    }
  };
  if (moduleFits(settings.smtp)) await send("byModule", module);
  else tell({ name: "byModule", status: "skipped", detail: found("notByModule") });
  await send("bySocket", socket);
  return sent ?? {};
}

/** Resolves with what the module is called when a mail can go out; the mailer then takes the lock itself. */
async function readyModel(work: TestWork): Promise<string> {
  await readyModem(work);
  work.lease.release();
  const { manufacturer = "", model = "" } = work.mailPath.modem.identity ?? {};
  return `${manufacturer} ${model}`.trim();
}

async function deliver(
  { mailPath: { modem }, settings, recipient, signal }: TestWork,
  mailer: Mailer,
  client: QsmtpMailer | undefined,
  onStage: (stage: MailerProgress["stage"]) => void,
): Promise<Delivered> {
  const sample = testMailText(settings.text.charset);
  const mail = testMail(randomUUID(), recipient, sample, modem.clock.wall());
  const { sendMs = 0, warnings } = await sendNow(
    mailer,
    { mail, envelope: { to: [recipient], cc: [], bcc: [] } },
    { signal, onProgress: ({ stage }) => onStage(stage) },
  );
  const coding = await client?.codingOf(mail);
  return {
    mail: {
      recipient,
      subject: mail.subject,
      ...sample,
      ...(await client?.formOf(mail)),
      seconds: Math.round(sendMs / 100) / 10,
      warnings,
      ...received(settings),
    },
    ...(coding !== undefined && { coding }),
  };
}

type Delivered = TestYield & Required<Pick<TestYield, "mail">>;

function received(settings: ModemSettings): Pick<SentTestMail, "received"> {
  const [mail] = sendsToSimulatedInbox(settings) ? simulatedInbox.list() : [];
  return mail === undefined ? {} : { received: { subject: mail.subject, text: mail.text } };
}

/** Waits for card and network. Rejects with why no mail can go out, at once where waiting does not help. */
async function readyModem({ mailPath: { modem }, signal }: TestWork): Promise<void> {
  const late = new AbortController();
  const isDecided = (): boolean => {
    const { state } = modem;
    switch (state.name) {
      case "ready":
        return true;
      case "offline":
      case "needsPowerCycle":
        throw modem.notReady() ?? new Error(state.name);
      case "registering":
        if (state.error?.class === "setup") throw state.error;
        return false;
      case "connecting":
        return false;
    }
  };
  const ready = stateWhere(modem, isDecided, AbortSignal.any([late.signal, signal]));
  try {
    await within(modem.clock, READY_TIME_MS, ready, () => undefined);
  } finally {
    late.abort();
    await ready.catch(() => undefined);
  }
  signal.throwIfAborted();
  const notReady = modem.notReady();
  if (notReady !== undefined) throw notReady;
}

async function runFacts({ mailPath, settings, signal, gone, tell }: TestWork): Promise<TestYield> {
  const { modem, trace } = mailPath;
  const { host, port, security } = settings.smtp;
  // A server that begins with TLS says nothing in clear.
  const greets = host !== "" && security !== "tls" && !sendsToSimulatedInbox(settings);
  try {
    // The mail lock is held by the connection test.
    const facts = await askFacts(modem, {
      clock: modem.clock,
      signal,
      gone,
      trace,
      ...(greets ? { connect: { contextId: settings.network.contextId, host, port } } : {}),
      onFact: (fact) => tell(factStep(fact)),
    });
    return { facts };
  } catch (error) {
    signal.throwIfAborted();
    tell(failedStep("facts", error));
    return {};
  }
}

function factStep(fact: Fact): TestStep {
  const { id, answer } = fact;
  const name = id;
  switch (answer.kind) {
    case "known":
      return { name, status: differs(fact) ? "warning" : "ok", detail: answer.value };
    case "unclear":
      return { name, status: "warning", detail: answer.why };
    case "notAsked":
      return { name, status: "skipped", detail: answer.why };
  }
}

/** The steps of a mail: what has been passed is done. */
class MailSteps {
  private at: MailStep = "modem";

  constructor(
    private readonly ladder: readonly MailStep[],
    private readonly tell: (step: TestStep) => void,
  ) {}

  /** What runs is done. @param detail of it */
  next(detail: string): void {
    this.enter(this.ladder[this.ladder.indexOf(this.at) + 1] ?? this.at, detail);
  }

  /** @param detail of the step that is done. */
  enter(step: MailStep, detail = ""): void {
    // A second chance within one mail begins again; what was passed once stays passed.
    const { ladder } = this;
    while (ladder.indexOf(this.at) < ladder.indexOf(step)) {
      this.tell({ name: this.at, status: "ok", detail });
      this.at = ladder[ladder.indexOf(this.at) + 1] ?? step;
    }
  }

  finish(detail: string): void {
    const last = this.ladder.at(-1) ?? this.at;
    this.enter(last);
    this.tell({ name: last, status: "ok", detail });
  }

  fail(error: unknown): void {
    this.tell(failedStep(this.at, error));
  }
}
