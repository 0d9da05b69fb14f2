/**
 * Bytes that code allocates on the heap of JavaScript, garbage included, as the profiler of V8 counts them.
 *
 * Counted instead of timed, so that a test says nearly the same on every machine: the figures of two runs differ by a
 * tenth, because code that runs often is compiled at its own time and then allocates less.
 */
import { type HeapProfiler, Session } from "node:inspector";

type Node = HeapProfiler.SamplingHeapProfileNode;

/** Bytes between two samples: small, so that few allocations are missed. */
const INTERVAL = 64;

/** @param isCounted by the file whose functions allocate. */
export async function allocatedBy(
  run: () => unknown,
  isCounted: (file: string) => boolean = () => true,
): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    session.post("HeapProfiler.startSampling", {
      samplingInterval: INTERVAL,
      // Else only what is still in use would count.
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    } as HeapProfiler.StartSamplingParameterType);
    await run();
    return await new Promise((resolve, reject) =>
      session.post("HeapProfiler.stopSampling", (error, { profile }) =>
        error === null ? resolve(sum(profile.head, isCounted)) : reject(error),
      ),
    );
  } finally {
    session.disconnect();
  }
}

function sum({ callFrame, selfSize, children }: Node, isCounted: (file: string) => boolean): number {
  const own = isCounted(callFrame.url) ? selfSize : 0;
  return children.reduce((all, child) => all + sum(child, isCounted), own);
}
