/** Kills a gateway by SIGKILL, or stops and continues it, again and again, and balances the account of all its lives. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { balance, type Accepted, type Told, type Totals } from "../../support/account";
import { seededRandom } from "../../support/random";
import { CampaignDisk } from "./disk";
import { FLIGHTS } from "./flights";
import type { FromOutbox, LifePlan } from "./messages";
import { Surroundings, type Arrived } from "./surroundings";

/**
 * `kill`: the process ends, the host's disk has all that was written. `cut`: writes after the last fsync are lost.
 * `pause`: it stands still (SIGSTOP) and goes on, while module and server do not wait.
 */
export type Form = "kill" | "cut" | "pause";

/** `module`, `socket`: in all lives; `mixed`: each life has the module's client, a socket or `auto`, by chance. */
export type Way = "module" | "socket" | "mixed";

const WAYS = { module: ["module"], socket: ["socket"], mixed: ["module", "socket", "auto"] } as const;

export interface KillPlan {
  readonly form: Form;
  readonly way: Way;
  /** Kills, power cuts or pauses. */
  readonly kills: number;
  readonly seed: number;
  /** Called after each life with the kills so far. */
  readonly progress?: (kills: number) => void;
}

export interface Result extends Totals {
  /** Kills, cuts or pauses that came between QSMTPPUT or MAIL and its result. */
  readonly inFlight: number;
  /** Of these, the ones in which only module and server know what becomes of the mail. */
  readonly inDoubt: number;
  /** Times that a process was stopped and continued. */
  readonly pauses: number;
  /** Ends that a process told although it had told them before. */
  readonly toldAgain: number;
  /** Mails that came by socket with more than one Message-ID. */
  readonly otherIds: number;
}

/** True when the goals are met: nothing lost, nothing repeated unmarked, no false success, each mail reported. */
export function isSound(result: Result): boolean {
  const { lost, duplicatesUnmarked, duplicatesRefused, falselySent, toldAgain, otherIds } = result;
  const { reported, accepted } = result;
  const wrong = lost + duplicatesUnmarked + duplicatesRefused + falselySent + toldAgain + otherIds;
  return accepted > 0 && wrong === 0 && reported === accepted;
}

/** Milliseconds of the host after which a kill comes at the latest, from the opening or an acceptance on. */
const LONGEST_LIFE = 1_000;
const MAILS_PER_LIFE = 3;
/** Of a process that is stopped and continued. */
const MAILS_PER_PAUSED_LIFE = 12;
/** Milliseconds of the host between two pauses, and for which one lasts at most; some last much longer. */
const LONGEST_GAP = 300;
const LONGEST_PAUSE = 300;
const VERY_LONG_PAUSE = 3_000;
const VERY_LONG = 0.1;
/**
 * Every second kill or pause comes when the mail server gets so far with a mail, or at most so many milliseconds of the host
 * later: most of a life passes before and between the dialogues. Without a mail it comes after so many at the latest.
 */
const SOON = 20;
const WITHOUT_MAIL = 20_000;
const PAUSE_WITHOUT_MAIL = 2_000;
/** Part of the lives in which the module restarts by itself. */
const RESTARTS = 0.15;

export async function runKillCampaign({ form, way, kills, seed, progress }: KillPlan): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), "kill-"));
  const random = seededRandom(seed);
  const surroundings = await Surroundings.start(seededRandom(seed + 1));
  const account = new Account(form, surroundings, random);
  try {
    const plan = { directory, disk: form === "cut" ? "remote" : "host", ...surroundings.ports } as const;
    const mailer = (): LifePlan["mailer"] => WAYS[way][Math.floor(random() * WAYS[way].length)] ?? "module";
    if (form === "pause") {
      for (let life = 0; account.pauses < kills; life++) {
        await account.follow({
          ...plan,
          mailer: mailer(),
          life,
          isLast: true,
          mails: MAILS_PER_PAUSED_LIFE,
          seed: seed + life,
        });
        progress?.(account.pauses);
      }
      return account.balance();
    }
    for (let life = 0; life <= kills; life++) {
      const isLast = life === kills;
      const mails = isLast ? 0 : MAILS_PER_LIFE;
      await account.follow({ ...plan, mailer: mailer(), life, isLast, mails, seed: seed + life });
      progress?.(life);
    }
    return account.balance();
  } finally {
    await surroundings.end();
    await rm(directory, { recursive: true });
  }
}

/** The module's client writes none of ours; all others of a mail have to be one. */
function withOtherIds(delivered: readonly Arrived[]): number {
  const ids = new Map<string, Set<string>>();
  for (const { subject, messageId } of delivered)
    if (messageId.endsWith("@example.com>")) ids.set(subject, (ids.get(subject) ?? new Set()).add(messageId));
  return [...ids.values()].filter(({ size }) => size > 1).length;
}

class Account {
  private readonly accepted: Accepted[] = [];
  private readonly told: Told[] = [];
  private readonly disk = new CampaignDisk();
  private inFlight = 0;
  private inDoubt = 0;
  private moments = 0;
  private toldAgain = 0;
  pauses = 0;

  constructor(
    private readonly form: Form,
    private readonly surroundings: Surroundings,
    private readonly random: () => number,
  ) {}

  balance(): Result {
    const { inFlight, inDoubt, toldAgain, pauses } = this;
    const delivered = this.surroundings.delivered();
    return {
      ...balance(this.accepted, delivered, this.told),
      otherIds: withOtherIds(delivered),
      inFlight,
      inDoubt,
      toldAgain,
      pauses,
    };
  }

  /** Follows one life to its end. @throws when it ends otherwise than planned. */
  async follow(plan: LifePlan): Promise<void> {
    this.surroundings.flights.leave();
    const child = fork(require.resolve("./life"), [JSON.stringify(plan)], {
      execArgv: __filename.endsWith(".ts") ? ["--import", "tsx"] : [],
      serialization: "advanced",
    });
    const closed = once(child, "close");
    const life = new AbortController();
    const toldInThisLife = new Set<string>();
    // So many mails are accepted before its last moments begin, however slow the host is.
    let left = plan.isLast ? Infinity : Math.floor(this.random() * (plan.mails + 1));
    const countDown = (): void => {
      if (left-- === 0) this.arrangeMishaps(() => child.kill("SIGKILL"), life.signal);
    };
    child.on("message", (message: FromOutbox) => {
      switch (message.kind) {
        case "opening":
          if (this.form === "pause") this.pauseAgainAndAgain(child, life.signal);
          countDown();
          return;
        case "accepted":
          this.accepted.push(message);
          countDown();
          return;
        case "ended":
          this.told.push(message.told);
          if (toldInThisLife.has(message.told.subject)) this.toldAgain++;
          toldInThisLife.add(message.told.subject);
          return;
        case "disk":
          void this.disk.serve(message.number, message.call).then((answer) => {
            if (child.connected) child.send(answer, () => undefined);
          });
          return;
        case "done":
          return;
      }
    });
    const [code, signal] = (await closed) as [number | null, string | null];
    life.abort();
    const wanted = plan.isLast ? code === 0 : signal === "SIGKILL";
    if (!wanted) throw new Error(`life ${plan.life} ended by itself with ${code ?? signal}`);
  }

  /** Until the process ends. */
  private pauseAgainAndAgain(child: ChildProcess, life: AbortSignal): void {
    const longest = this.random() < VERY_LONG ? VERY_LONG_PAUSE : LONGEST_PAUSE;
    const pause = (): void => {
      this.pauses++;
      this.look();
      child.kill("SIGSTOP");
      after(this.random() * longest, life, goOn);
    };
    const goOn = (): void => {
      child.kill("SIGCONT");
      this.pauseAgainAndAgain(child, life);
    };
    this.atSomeMoment(this.random() * LONGEST_GAP, PAUSE_WITHOUT_MAIL, life, pause);
  }

  /** What befalls a life, at moments chosen by chance. */
  private arrangeMishaps(kill: () => void, life: AbortSignal): void {
    const sometime = (): number => this.random() * LONGEST_LIFE;
    const end = (): void => {
      this.look();
      kill();
      if (this.form === "kill") return;
      this.disk.cutPower(this.random);
      // A module that is fed by the host goes down with it; one with a supply of its own goes on.
      if (this.random() < 0.5) this.surroundings.restartModule("powerLoss");
    };
    this.atSomeMoment(sometime(), WITHOUT_MAIL, life, end);
    const isRestarted = this.random() < RESTARTS;
    if (isRestarted) after(sometime(), life, () => this.surroundings.restartModule("restart"));
  }

  /** After so many milliseconds, or every second time soon after a mail has come so far at the server, each in turn. */
  private atSomeMoment(ms: number, withoutMail: number, life: AbortSignal, strike: () => void): void {
    const moment = this.moments++;
    const flight = FLIGHTS[Math.floor(moment / 2) % FLIGHTS.length];
    if (moment % 2 === 1 || flight === undefined) return after(ms, life, strike);
    const chosen = new AbortController();
    const either = AbortSignal.any([life, chosen.signal]);
    const { flights } = this.surroundings;
    const strikeOnce = (): void => {
      chosen.abort();
      strike();
    };
    const reached = (): void => after(this.random() * SOON, either, strikeOnce);
    flights.once(flight, reached);
    either.addEventListener("abort", () => flights.off(flight, reached), { once: true });
    after(withoutMail, either, strikeOnce);
  }

  /** Counts what a kill or pause hits. */
  private look(): void {
    if (this.surroundings.isMailInFlight) this.inFlight++;
    if (this.surroundings.isMailInDoubt) this.inDoubt++;
  }
}

/** Milliseconds of the host, unless the life ends before. */
function after(ms: number, life: AbortSignal, then: () => void): void {
  void wait(ms, undefined, { signal: life }).then(then, () => undefined);
}
