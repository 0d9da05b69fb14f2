// A Node-RED of its own: temporary user directory, one flow file, this package linked in or installed.
// Used by the demo and by the tests that need a real Node-RED.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);

/** Milliseconds in which the flows of a slow machine have started. */
const LONGEST_START = 120_000;

/** On Windows the files of a process that has just ended cannot be removed for a moment. */
const REMOVE = { recursive: true, force: true, maxRetries: 10 };

/**
 * Starts Node-RED and resolves when its flows run. The options are described in node-red.d.mts.
 */
export async function startNodeRed(options) {
  const userDir = options.userDir ?? (await mkdtemp(join(tmpdir(), "node-red-quectel-")));
  const cleanUp = () => (options.userDir ? undefined : rm(userDir, REMOVE));
  try {
    await options.prepare(userDir);
    if (options.flows) await writeFile(join(userDir, "flows.json"), JSON.stringify(options.flows));
    const settingsFile = join(userDir, "settings.js");
    await writeFile(settingsFile, `module.exports = ${JSON.stringify(settings(options))};\n`);

    const red = options.red ?? require.resolve("node-red/red.js");
    const child = spawn(
      options.node ?? process.execPath,
      [red, "--userDir", userDir, "--settings", settingsFile, "flows.json"],
      {
        // A process group of its own: Ctrl-C reaches only the parent, which then ends Node-RED in order.
        // On Windows that would be a console window of its own.
        detached: process.platform !== "win32",
        stdio: ["ignore", "pipe", "pipe"],
        cwd: userDir,
        env: { ...process.env, ...options.env },
        signal: options.signal,
      },
    );
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const stop = async () => {
      child.kill("SIGTERM");
      await ended;
      await cleanUp();
    };
    const kill = async () => {
      child.kill("SIGKILL");
      await ended;
    };
    try {
      await flowsStarted(child, options.onLine);
    } catch (error) {
      await kill();
      throw error;
    }
    return { url: `http://127.0.0.1:${options.port}/`, userDir, pid: child.pid, ended, stop, kill };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

/** Makes `packageDir` the installed package of a user directory. */
export function linkPackage(packageDir) {
  return async (userDir) => {
    const scope = join(userDir, "node_modules", "@modem-mail");
    await mkdir(scope, { recursive: true });
    // Windows takes a junction from everybody, a symbolic link only from administrators.
    await symlink(packageDir, join(scope, "node-red-quectel-smtp"), "junction");
  };
}

function flowsStarted(child, onLine) {
  // They come in any order.
  const missing = new Set(["Started flows", "Server now running"]);
  return new Promise((resolve, reject) => {
    const read = (line) => {
      onLine?.(line);
      for (const sign of missing) if (line.includes(sign)) missing.delete(sign);
      if (missing.size === 0) resolve();
    };
    createInterface({ input: child.stdout }).on("line", read);
    createInterface({ input: child.stderr }).on("line", read);
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`Node-RED ended with code ${code} before its flows had started`)),
    );
    setTimeout(
      () => reject(new Error(`Node-RED has not started its flows in ${LONGEST_START / 1000} s`)),
      LONGEST_START,
    ).unref();
  });
}

function settings({ port, settings: more }) {
  return {
    uiPort: port,
    uiHost: "127.0.0.1",
    flowFile: "flows.json",
    credentialSecret: "demo",
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, palette: { catalogues: [] } },
    ...more,
  };
}
