/** Kills a gateway by SIGKILL again and again and balances the account of all its lives. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { balance, type Accepted, type Told, type Totals } from "../../support/account";
import { seededRandom } from "../../support/random";
import { CampaignDisk } from "./disk";
import type { FromOutbox, LifePlan } from "./messages";
import { Surroundings } from "./surroundings";

/** `kill`: the process ends, the host's disk has all that was written. `cut`: writes after the last fsync are lost. */
export type Form = "kill" | "cut";

export interface KillPlan {
  readonly form: Form;
  readonly kills: number;
  readonly seed: number;
  /** Called after each life. */
  readonly progress?: (life: number) => void;
}

export interface Result extends Totals {
  /** Kills that came between QSMTPPUT and its result. */
  readonly onAir: number;
}

/** True when the goals are met: nothing lost, nothing repeated unmarked, no false success, each mail reported. */
export function isSound(result: Result): boolean {
  const { lost, duplicatesUnmarked, duplicatesRefused, falselySent, reported, accepted } = result;
  const wrong = lost + duplicatesUnmarked + duplicatesRefused + falselySent;
  return accepted > 0 && wrong === 0 && reported === accepted;
}

/** Milliseconds of the host after which a kill comes at the latest, from the opening or an acceptance on. */
const LONGEST_LIFE = 1_000;
const MAILS_PER_LIFE = 3;
/** Part of the lives in which the module restarts by itself. */
const RESTARTS = 0.15;

export async function runKillCampaign({ form, kills, seed, progress }: KillPlan): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), "kill-"));
  const random = seededRandom(seed);
  const surroundings = await Surroundings.start(seededRandom(seed + 1));
  const account = new Account(form, surroundings, random);
  try {
    for (let life = 0; life <= kills; life++) {
      const isLast = life === kills;
      const disk = form === "kill" ? "host" : "remote";
      const plan = { directory, disk, ...surroundings.ports, life, isLast } as const;
      await account.follow({ ...plan, mails: isLast ? 0 : MAILS_PER_LIFE, seed: seed + life });
      progress?.(life);
    }
    return account.balance();
  } finally {
    await surroundings.end();
    await rm(directory, { recursive: true });
  }
}

class Account {
  private readonly accepted: Accepted[] = [];
  private readonly told: Told[] = [];
  private readonly disk = new CampaignDisk();
  private onAir = 0;

  constructor(
    private readonly form: Form,
    private readonly surroundings: Surroundings,
    private readonly random: () => number,
  ) {}

  balance(): Result {
    return { ...balance(this.accepted, this.surroundings.delivered(), this.told), onAir: this.onAir };
  }

  /** Follows one life to its end. @throws when it ends otherwise than planned. */
  async follow(plan: LifePlan): Promise<void> {
    const child = fork(require.resolve("./life"), [JSON.stringify(plan)], {
      execArgv: __filename.endsWith(".ts") ? ["--import", "tsx"] : [],
      serialization: "advanced",
    });
    const closed = once(child, "close");
    const timers: NodeJS.Timeout[] = [];
    // So many mails are accepted before its last moments begin, however slow the host is.
    let left = plan.isLast ? Infinity : Math.floor(this.random() * (plan.mails + 1));
    const countDown = (): void => {
      if (left-- === 0) timers.push(...this.mishaps(() => child.kill("SIGKILL")));
    };
    child.on("message", (message: FromOutbox) => {
      switch (message.kind) {
        case "opening":
          countDown();
          return;
        case "accepted":
          this.accepted.push(message);
          countDown();
          return;
        case "ended":
          this.told.push(message.told);
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
    for (const timer of timers) clearTimeout(timer);
    const wanted = plan.isLast ? code === 0 : signal === "SIGKILL";
    if (!wanted) throw new Error(`life ${plan.life} ended by itself with ${code ?? signal}`);
  }

  /** What befalls a life, at moments chosen by chance. */
  private mishaps(kill: () => void): NodeJS.Timeout[] {
    const sometime = (): number => this.random() * LONGEST_LIFE;
    const end = setTimeout(() => {
      if (this.surroundings.isMailOnAir) this.onAir++;
      kill();
      if (this.form === "kill") return;
      this.disk.cutPower(this.random);
      // A module that is fed by the host goes down with it; one with a supply of its own goes on.
      if (this.random() < 0.5) this.surroundings.restartModule("powerLoss");
    }, sometime());
    const isRestarted = this.random() < RESTARTS;
    const restart = (): void => this.surroundings.restartModule("restart");
    return isRestarted ? [end, setTimeout(restart, sometime())] : [end];
  }
}
