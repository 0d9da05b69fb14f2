/** Kills an outbox by SIGKILL again and again and balances the account of all its lives. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { balance, type Accepted, type Told, type Totals } from "../../support/account";
import { seededRandom } from "../../support/random";
import type { FromOutbox, LifePlan } from "./messages";
import { CampaignModule } from "./module";

export interface KillPlan {
  readonly kills: number;
  readonly seed: number;
  /** Called after each life. */
  readonly progress?: (life: number) => void;
}

/** Milliseconds after which a kill comes at the latest. */
const LONGEST_LIFE = 500;
const MAILS_PER_LIFE = 4;

export async function runKillCampaign({ kills, seed, progress }: KillPlan): Promise<Totals> {
  const directory = await mkdtemp(join(tmpdir(), "kill-"));
  const random = seededRandom(seed);
  const account = new Account(new CampaignModule(seededRandom(seed + 1)));
  try {
    for (let life = 0; life <= kills; life++) {
      const isLast = life === kills;
      const plan = { directory: join(directory, "spool"), life, mails: isLast ? 0 : MAILS_PER_LIFE, isLast };
      await account.follow({ ...plan, seed: seed + life }, isLast ? undefined : random() * LONGEST_LIFE);
      progress?.(life);
    }
    return account.balance();
  } finally {
    await rm(directory, { recursive: true });
  }
}

class Account {
  private readonly accepted: Accepted[] = [];
  private readonly told: Told[] = [];

  constructor(private readonly module: CampaignModule) {}

  balance(): Totals {
    return balance(this.accepted, this.module.delivered, this.told);
  }

  /** Follows one life to its end, which comes `killAfter` milliseconds after it begins to open. */
  async follow(plan: LifePlan, killAfter: number | undefined): Promise<void> {
    const child = fork(join(__dirname, "life.ts"), [JSON.stringify(plan)], { execArgv: ["--import", "tsx"] });
    const closed = once(child, "close");
    child.on("message", (message: FromOutbox) => {
      if (message.kind === "opening" && killAfter !== undefined) {
        setTimeout(() => child.kill("SIGKILL"), killAfter);
      }
      this.hear(child, message);
    });
    const [code, signal] = (await closed) as [number | null, string | null];
    const wanted = killAfter === undefined ? code === 0 : signal === "SIGKILL";
    if (!wanted) throw new Error(`life ${plan.life} ended by itself with ${code ?? signal}`);
  }

  private hear(child: ChildProcess, message: FromOutbox): void {
    const answer = (result: Promise<object>): void => {
      void result.then((told) => {
        // Nobody hears the result of a mail whose host has been killed.
        if (child.connected) child.send(told, () => undefined);
      });
    };
    switch (message.kind) {
      case "opening":
      case "done":
        return;
      case "accepted":
        this.accepted.push(message);
        return;
      case "ended":
        this.told.push(message.told);
        return;
      case "put":
        answer(this.module.put(message.put));
        return;
      case "ask":
        answer(this.module.ask());
        return;
    }
  }
}
