import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../lib/clock";
import type { ModemError } from "../../../lib/errors";
import { hostFiles } from "../../../lib/outbox/spool/files";
import { type Host, SpoolLock, thisHost } from "../../../lib/outbox/spool/lock";
import { spoolDirectory } from "../../../nodes/runtime/disk/folders";
import { ModemHost } from "../../../nodes/runtime/modem/modem-host";
import type { ModemUser } from "../../../nodes/runtime/modem/modem-members";
import { readModemSettings } from "../../../nodes/runtime/settings/modem-settings";
import { LeapingClock } from "../../node/support/leaping-clock";
import { KeptLog } from "../../support/module-replies";
import { waitFor } from "../../support/wait-for";
import { mail, OPTIONS } from "../outbox/bench";

const SETTINGS = readModemSettings(
  { transport: "simulator", smtpHost: "127.0.0.1", smtpPort: 25, senderAddress: "pump7@example.com" },
  {},
);

/** As this host is seen by another process that runs, here the one that has started the tests. */
function anotherRuntime(): Host {
  const host = thisHost();
  const pid = process.ppid;
  let started: string | undefined;
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    started = line.slice(line.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    // A system without it.
  }
  return { ...host, self: { ...host.self, pid, started }, locks: new Set() };
}

describe("A modem of the flows", () => {
  let clock: LeapingClock;
  let directory: string;
  let errors: ModemError[];
  let elsewhere: SpoolLock;

  const lockOf = (host = thisHost()): SpoolLock =>
    new SpoolLock(spoolDirectory(directory), hostFiles, systemClock, host);
  const modem = (events = new EventEmitter()): ModemHost =>
    new ModemHost({
      settings: SETTINGS,
      directory,
      clock: systemClock,
      log: new KeptLog(),
      events,
      report: (error) => errors.push(error),
      unclaimed: () => Promise.resolve(),
    });
  /** One with a user, in flows that run. */
  const inUse = (): ModemHost => {
    const events = new EventEmitter();
    const host = modem(events);
    host.join(user);
    events.emit("flows:started");
    return host;
  };
  const user = { node: { id: "send", status: () => undefined } } as unknown as ModemUser;

  beforeEach(async () => {
    clock = new LeapingClock();
    directory = await mkdtemp(join(tmpdir(), "modem-host-"));
    errors = [];
    elsewhere = lockOf(anotherRuntime());
    await elsewhere.take();
  });
  afterEach(async () => {
    clock.restore();
    await rm(directory, { recursive: true, maxRetries: 10 });
  });

  it("tells what it finds before the flows run when they do, because a Catch node hears nothing earlier", async () => {
    for (const end of ["flows:started", "close"] as const) {
      const events = new EventEmitter();
      const host = modem(events);
      host.join(user);
      await waitFor("the outbox", () => host.condition.outbox.name === "unavailable");
      assert.deepEqual(errors, []);
      if (end === "flows:started") {
        events.emit(end);
        assert.deepEqual(
          errors.splice(0).map(({ code }) => code),
          ["OUTBOX_LOCKED"],
        );
      }
      await host.close();
      assert.equal(errors.length, end === "close" ? 1 : 0);
    }
  });

  it("says once that its outbox is in use elsewhere, and takes it when it is free", async () => {
    const host = inUse();
    await waitFor("the report", () => errors.length > 0);
    assert.equal(errors[0]?.code, "OUTBOX_LOCKED");
    const refused = host.accept(mail("alarm"), OPTIONS, { nodeId: "send", message: {} });
    await assert.rejects(refused, { code: "OUTBOX_LOCKED" });
    await elsewhere.release();
    clock.leap(30_000);
    await waitFor("the outbox", () => host.condition.outbox.name === "idle");
    await host.close();
    assert.equal(errors.length, 1);
  });

  it("says while its folder is away that its outbox cannot be used, and goes on when it is back", async () => {
    await elsewhere.release();
    const host = inUse();
    await host.accept(mail("alarm"), OPTIONS, { nodeId: "send", message: {} });
    const spool = spoolDirectory(directory);
    await rename(spool, `${spool}.away`);
    clock.leap(3_000);
    await waitFor("the report", () => errors.length > 0);
    assert.equal(errors[0]?.code, "OUTBOX_DISK");
    assert.deepEqual(host.condition.outbox, { name: "unavailable", code: "OUTBOX_DISK" });
    const refused = host.accept(mail("alarm"), OPTIONS, { nodeId: "send", message: {} });
    await assert.rejects(refused, { code: "OUTBOX_DISK" });
    await rename(`${spool}.away`, spool);
    clock.leap(5_000);
    await waitFor("the outbox", () => host.condition.outbox.name === "idle");
    await host.accept(mail("alarm"), OPTIONS, { nodeId: "send", message: {} });
    await host.close();
    assert.equal(errors.length, 1);
  });

  it("opens its port first and gives it away then, so that nobody else has it at the same time", async () => {
    await elsewhere.release();
    const host = modem();
    host.join(user);
    const portLease = await host.leasePort(new AbortController().signal, {
      isForMail: true,
      recall: () => undefined,
    });
    await waitFor("the outbox", () => host.condition.outbox.name === "idle");
    assert.deepEqual([host.inUse?.modem.state.name, host.condition.modem.name], ["offline", "underTest"]);
    await portLease.giveBack();
    assert.equal(host.inUse?.modem.state.name, "ready");
    await host.close();
  });

  it("leaves the module connected for the node that a deploy puts in its place, and for nobody else", async () => {
    await elsewhere.release();
    const cases = [
      ["replaced", {}, ["ready", "offline"]],
      ["removed", { isRemoved: true }, ["offline", "offline"]],
      ["late", {}, ["offline", "offline"]],
    ] as const;
    for (const [what, how, states] of cases) {
      const events = new EventEmitter();
      const host = modem(events);
      host.join(user);
      const module = host.inUse?.modem;
      await waitFor("the modem", () => module?.state.name === "ready");
      events.emit("flows:stopping", { diff: { changed: ["modem"] } });
      const closed = host.close(how);
      if (what === "late") events.emit("flows:started");
      await closed;
      assert.equal(module?.state.name, states[0], what);
      events.emit("flows:started");
      await waitFor("the port", () => module?.state.name === states[1]);
      assert.equal(events.listenerCount("flows:started"), 0, what);
    }
  });

  it("leaves its outbox alone when it was closed while it tried to take it", async () => {
    const host = modem();
    host.join(user);
    await host.close();
    await elsewhere.release();
    clock.leap(30_000);
    const next = lockOf();
    await next.take();
    await next.release();
  });

  it("closes at once while it asks whether a runtime that it cannot see still has its outbox", async () => {
    await elsewhere.release();
    const { self } = thisHost();
    const mark = { ...self, boot: "another boot", token: "of another container" };
    const lock = join(spoolDirectory(directory), "lock");
    await writeFile(join(lock, "9.json"), JSON.stringify(mark));
    const host = modem();
    host.join(user);
    await waitFor("the question", async () =>
      (await readdir(lock)).some((name) => name.startsWith("claim-")),
    );
    const start = performance.now();
    await host.close();
    assert.ok(performance.now() - start < 6_000, "the question takes 12 s");
    assert.ok((await readdir(lock)).every((name) => !name.startsWith("claim-")));
    assert.deepEqual(errors, []);
  });
});
