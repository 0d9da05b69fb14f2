import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { AREAS, type Area } from "../mutation/areas";

const ROOT = join(__dirname, "../..");
const FOLDERS = ["lib/at", "lib/mail", "lib/mailer", "lib/outbox", "lib/quectel/sockets"];

/** Whether a pattern of an area names `file`; of the marks of patterns, areas use `*` and `**` for what is mutated. */
function isNamed(pattern: string, file: string): boolean {
  const expression = pattern.replaceAll(/\*\*\/|\*|\./g, (mark) =>
    mark === "." ? "\\." : mark === "*" ? "[^/]*" : "(?:[^/]+/)*",
  );
  return new RegExp(`^${expression}$`).test(file);
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".ts"));
}

describe("mutation tests", () => {
  const areas = Object.values<Area>(AREAS);

  it("mutate each file of engine, outbox, mailers, sockets and mails in one area", () => {
    const files = FOLDERS.flatMap(sources);
    assert.ok(files.length > 80);
    const times = (file: string): number =>
      areas.filter(({ mutate }) => mutate.some((pattern) => isNamed(pattern, file))).length;
    assert.deepEqual(
      files.filter((file) => times(file) !== 1),
      [],
    );
  });

  it("name no pattern without a file", () => {
    const files = [...sources("lib"), ...sources("test")];
    for (const pattern of areas.flatMap(({ mutate }) => mutate)) {
      assert.ok(
        files.some((file) => isNamed(pattern, file)),
        pattern,
      );
    }
  });
});
