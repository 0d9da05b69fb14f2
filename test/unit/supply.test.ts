import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { lockedPackages, nameAt, ROOT, runtimeTree } from "../support/runtime-tree";

/** As npm compares versions. */
const semver: { satisfies(version: string, range: string): boolean } = createRequire(
  require.resolve("@node-red/registry"),
)("semver");

interface Manifest {
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;

/** Licences that can be given on with an Apache-2.0 package. */
const FREE = ["MIT", "MIT-0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD"];

describe("What is installed with this package", () => {
  it("runs no script of its own", () => {
    const scripts = [
      "preinstall",
      "install",
      "postinstall",
      "prepublish",
      "preprepare",
      "prepare",
      "postprepare",
    ];
    assert.deepEqual(
      Object.keys(manifest.scripts).filter((name) => scripts.includes(name)),
      [],
    );
  });

  it("runs one script of others: that of the serial port's binary", () => {
    const places = [...runtimeTree()].filter(([, { hasInstallScript }]) => hasInstallScript === true);
    assert.deepEqual(
      places.map(([place]) => nameAt(place)),
      ["@serialport/bindings-cpp"],
    );
  });

  it("stands in SECURITY.md with its versions and licences, all of them free", () => {
    const rows = new Map<string, { readonly license: string; readonly versions: Set<string> }>();
    for (const [place, { version, license = "" }] of runtimeTree()) {
      const row = rows.get(nameAt(place)) ?? { license, versions: new Set<string>() };
      assert.equal(row.license, license);
      row.versions.add(version);
      rows.set(nameAt(place), row);
      assert.ok(FREE.includes(license), `${place}: ${license}`);
    }
    const wanted = [...rows].map(
      ([name, { license, versions }]) => `| \`${name}\` | ${[...versions].sort().join(", ")} | ${license} |`,
    );
    const text = readFileSync(join(ROOT, "SECURITY.md"), "utf8");
    const listed = text.split("\n").filter((line) => line.startsWith("| `"));
    assert.deepEqual(listed, wanted.sort());
  });

  it("names each package of this repository whose install script runs, so that npm does not ask about it", () => {
    const scripts = Object.entries(lockedPackages()).filter(
      ([place, { hasInstallScript, inBundle }]) =>
        hasInstallScript === true && inBundle !== true && !place.endsWith("/fsevents"),
    );
    assert.deepEqual(
      [...new Set(scripts.map(([place]) => nameAt(place)))].sort(),
      Object.keys(manifest.allowScripts).sort(),
    );
  });

  it("fits every supported Node.js, tools included, so that npm warns of none", () => {
    const { optionalDependencies } = JSON.parse(
      readFileSync(join(ROOT, ".ci/versions/package.json"), "utf8"),
    ) as Manifest & { readonly optionalDependencies: Readonly<Record<string, string>> };
    const tested = Object.values(optionalDependencies).map((alias) => alias.replace(/^.*@/, ""));
    const lowest = `${manifest.engines["node"]?.replace(">=", "")}.0`;
    for (const version of new Set([lowest, ...tested])) {
      const unfit = Object.entries(lockedPackages()).filter(
        ([, { engines }]) => engines?.["node"] !== undefined && !semver.satisfies(version, engines["node"]),
      );
      assert.deepEqual(
        unfit.map(([place]) => `${place} on ${version}`),
        [],
      );
    }
  });

  it("is locked to what it was, bit by bit, wherever it comes from", () => {
    const { "": own, ...others } = lockedPackages();
    for (const part of ["dependencies", "devDependencies", "bin", "engines"] as const) {
      assert.deepEqual(
        own?.[part],
        manifest[part],
        `${part} of package-lock.json: npm install --package-lock-only`,
      );
    }
    const unlocked = Object.entries(others).filter(
      ([, { integrity, inBundle }]) => inBundle !== true && !integrity?.startsWith("sha512-"),
    );
    assert.deepEqual(
      unlocked.map(([place]) => place),
      [],
    );
    assert.ok(Object.values(others).every(({ resolved }) => resolved === undefined));
  });
});
