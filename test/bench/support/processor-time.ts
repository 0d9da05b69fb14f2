/** Milliseconds of processor time that `run` takes; what other programs do meanwhile is no part of it. */
export function processorTime(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
