/** That the native part of serialport lies ready-made in the installed tree for the systems named in README.md. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const serialport = createRequire(createRequire(__filename).resolve("serialport"));
const BINDINGS = dirname(serialport.resolve("@serialport/bindings-cpp/package.json"));
const LOADER = createRequire(join(BINDINGS, "package.json")).resolve("node-gyp-build");

/** The file that the binding loads on a Linux system. */
function fileFor(env: Readonly<Record<string, string>>): Buffer {
  const script = "process.stdout.write(require(process.argv[1]).path(process.argv[2]))";
  const path = execFileSync(process.execPath, ["-e", script, LOADER, BINDINGS], {
    env: { ...process.env, npm_config_platform: "linux", ...env },
    stdio: "pipe",
    encoding: "utf8",
  });
  assert.ok(path.startsWith(join(BINDINGS, "prebuilds")), path);
  return readFileSync(path);
}

describe("The native part of serialport", () => {
  // e_machine of the ELF header (elf.h), and the C library that the file asks for.
  const SYSTEMS = [
    { name: "x64", env: { npm_config_arch: "x64" }, machine: 62 },
    { name: "arm64", env: { npm_config_arch: "arm64", ARM_VERSION: "8" }, machine: 183 },
    { name: "armv7", env: { npm_config_arch: "arm", ARM_VERSION: "7" }, machine: 40 },
  ] as const;
  const LIBRARIES = [
    { libc: "glibc", asksFor: /libc\.so\.6/ },
    { libc: "musl", asksFor: /libc\.musl-|libc\.so(?!\.6)/ },
  ] as const;

  for (const { name, env, machine } of SYSTEMS) {
    for (const { libc, asksFor } of LIBRARIES) {
      it(`is ready-made for Linux on ${name} with ${libc}`, () => {
        const file = fileFor({ ...env, LIBC: libc });
        assert.equal(file.subarray(0, 4).toString("latin1"), "\x7fELF");
        assert.equal(file.readUInt16LE(18), machine);
        assert.match(file.toString("latin1"), asksFor);
      });
    }
  }

  it("is ready-made for armv6 with glibc, and for nothing else of that kind", () => {
    const armv6 = { npm_config_arch: "arm", ARM_VERSION: "6" };
    assert.equal(fileFor({ ...armv6, LIBC: "glibc" }).readUInt16LE(18), 40);
    assert.throws(() => fileFor({ ...armv6, LIBC: "musl" }));
  });

  it("is ready-made for Windows and macOS", () => {
    for (const env of [
      { npm_config_platform: "win32", npm_config_arch: "x64" },
      { npm_config_platform: "darwin", npm_config_arch: "arm64" },
    ]) {
      assert.ok(fileFor(env).length > 10_000);
    }
  });
});
