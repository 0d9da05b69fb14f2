/**
 * What of the compiled code was executed while something ran, told in files, functions and lines of its source.
 *
 * V8 counts each function and block exactly; the source maps lead back to TypeScript, so it does not matter how the
 * code was put into files. What runs while a file is loaded does not count.
 */
import { readFileSync } from "node:fs";
import { type Profiler, Session } from "node:inspector";
import { SourceMap } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export interface ExecutedFunction {
  /** Source file, relative to the root. */
  readonly file: string;
  readonly name: string;
  /** Lines of the source from its first to its last. */
  readonly lines: number;
  /** An arrow function, or one that stands within another function: it belongs to what it stands in. */
  readonly isPart: boolean;
}

export interface ExecutedCode {
  readonly functions: readonly ExecutedFunction[];
  /** Lines of the source of which anything was executed, by file. */
  readonly lines: ReadonlyMap<string, ReadonlySet<number>>;
}

/** @param root folder of the package. @param counts by the source file, relative to the root, with `/`. */
export async function executedBy(
  run: () => Promise<unknown>,
  root: string,
  counts: (file: string) => boolean,
): Promise<ExecutedCode> {
  const session = new Session();
  session.connect();
  const post = (method: string, parameters?: object): Promise<object> =>
    new Promise((done, fail) =>
      session.post(method, parameters, (error, result) =>
        error === null ? done(result ?? {}) : fail(error),
      ),
    );
  try {
    await post("Profiler.enable");
    await post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    await run();
    const { result } = (await post("Profiler.takePreciseCoverage")) as Profiler.TakePreciseCoverageReturnType;
    const scripts = result.flatMap((script) => Script.of(script, root) ?? []);
    const functions = scripts.flatMap((script) => script.functions()).filter(({ file }) => counts(file));
    const lines = new Map<string, Set<number>>();
    for (const script of scripts) {
      for (const [file, line] of script.lines()) {
        if (!counts(file)) continue;
        const known = lines.get(file) ?? new Set();
        lines.set(file, known.add(line));
      }
    }
    return { functions, lines };
  } finally {
    session.disconnect();
  }
}

/** Methods and declarations begin with a name or a keyword. */
const ARROW_FUNCTION = /^(?:async\s*)?(?:\(|[\w$]+\s*=>)/;

class Script {
  /** Offset of the beginning of each line. */
  private readonly starts: readonly number[];

  private constructor(
    private readonly coverage: Profiler.ScriptCoverage,
    private readonly text: string,
    private readonly map: SourceMap,
    private readonly folder: string,
    private readonly root: string,
  ) {
    this.starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  /** Undefined for code without source map, which is not ours. */
  static of(coverage: Profiler.ScriptCoverage, root: string): Script | undefined {
    if (!coverage.url.startsWith("file:")) return undefined;
    const path = fileURLToPath(coverage.url);
    if (relative(root, path).startsWith("..") || path.includes("node_modules")) return undefined;
    try {
      const payload = JSON.parse(readFileSync(`${path}.map`, "utf8")) as ConstructorParameters<
        typeof SourceMap
      >[0];
      return new Script(coverage, readFileSync(path, "utf8"), new SourceMap(payload), dirname(path), root);
    } catch {
      return undefined;
    }
  }

  functions(): ExecutedFunction[] {
    return this.executed().flatMap(({ functionName, ranges: [whole] }) => {
      if (whole === undefined) return [];
      const first = this.source(whole.startOffset);
      const last = this.source(whole.endOffset - 1);
      if (first === undefined) return [];
      const lines = (last?.line ?? first.line) - first.line + 1;
      return [{ file: first.file, name: functionName, lines, isPart: this.isPart(whole) }];
    });
  }

  private isPart(range: Profiler.CoverageRange): boolean {
    const { startOffset, endOffset } = range;
    if (ARROW_FUNCTION.test(this.text.slice(startOffset, endOffset))) return true;
    return this.coverage.functions.some(
      ({ functionName, ranges: [other] }) =>
        other !== undefined &&
        other !== range &&
        other.startOffset <= startOffset &&
        other.endOffset >= endOffset &&
        // V8 calls the fields of a class a function as long as the class.
        !functionName.startsWith("<") &&
        !this.isFile(other),
    );
  }

  /** File and line of the source, some of them more than once. */
  *lines(): Iterable<readonly [file: string, line: number]> {
    const counts = this.counts();
    for (let offset = 0; offset < this.text.length; offset++) {
      if ((counts[offset] ?? 0) === 0 || /[\s{}();,]/.test(this.text.charAt(offset))) continue;
      const at = this.source(offset);
      if (at !== undefined) yield [at.file, at.line];
      // One character of a piece is enough; the next begins at a blank, a bracket or the end of the line.
      while (offset + 1 < this.text.length && /[\w$.]/.test(this.text.charAt(offset + 1))) offset++;
    }
  }

  /** Those with a name: a callback without one is part of the function that it stands in, and so are fields of a class. */
  private executed(): readonly Profiler.FunctionCoverage[] {
    return this.coverage.functions.filter(
      ({ functionName, ranges: [whole] }) => (whole?.count ?? 0) > 0 && /^[^<]/.test(functionName),
    );
  }

  /** The code of a file as a whole counts as a function without name. */
  private isFile(range: Profiler.CoverageRange | undefined): boolean {
    return range?.startOffset === 0 && range.endOffset >= this.text.trimEnd().length;
  }

  /** How often each character was executed: inner ranges, which come later, say it for their part. */
  private counts(): Uint32Array {
    const counts = new Uint32Array(this.text.length);
    const ranges = this.coverage.functions
      .filter(({ ranges: [whole] }) => !this.isFile(whole))
      .flatMap(({ ranges }) => ranges)
      .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
    for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
    return counts;
  }

  private source(offset: number): { readonly file: string; readonly line: number } | undefined {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const entry = this.map.findEntry(low, offset - (this.starts[low] ?? 0));
    if (!("originalSource" in entry)) return undefined;
    const file = relative(this.root, resolve(this.folder, entry.originalSource)).replaceAll("\\", "/");
    return { file, line: entry.originalLine + 1 };
  }
}
