/** Jobs that wait for the line: by priority, then in the order they came. */
import type { Job, Priority } from "./job";

const ORDER = ["high", "normal", "low"] as const satisfies readonly Priority[];

export class JobQueue {
  private readonly waiting: Record<Priority, Job[]> = { high: [], normal: [], low: [] };

  get length(): number {
    return ORDER.reduce((sum, priority) => sum + this.waiting[priority].length, 0);
  }

  add(job: Job): void {
    this.waiting[job.priority].push(job);
  }

  /** Removes and returns the job whose turn it is. */
  take(): Job | undefined {
    for (const priority of ORDER) {
      const job = this.waiting[priority].shift();
      if (job !== undefined) return job;
    }
    return undefined;
  }

  remove(job: Job): void {
    this.waiting[job.priority] = this.waiting[job.priority].filter((other) => other !== job);
  }

  /** Empties the queue and returns what was in it. */
  clear(): Job[] {
    const jobs = ORDER.flatMap((priority) => this.waiting[priority]);
    for (const priority of ORDER) this.waiting[priority] = [];
    return jobs;
  }
}
