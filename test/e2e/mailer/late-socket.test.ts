/** A modem that chooses the way of each mail, and whose code for the socket is found late: what it then knows of its ways. */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mailer, Outcome, Transaction } from "../../../lib/mailer/mailer";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import { internet } from "../../../lib/simulator";
import type { assemble } from "../../../nodes/runtime/modem/assembly";
import { readModemSettings } from "../../../nodes/runtime/settings/modem-settings";
import { attachment, transaction } from "../../support/memory-mailer";
import { MemorySmtp } from "../../support/memory-smtp";
import { KeptLog } from "../../support/module-replies";
import { socketHost } from "../../support/socket-mailer";
import { VirtualClock } from "../../support/virtual-clock";

const PART = require.resolve("../../../lib/mailer/smtp");
const RUNTIME = ["assembly", "smtp-part"].map((name) =>
  require.resolve(`../../../nodes/runtime/modem/${name}`),
);

/** Runs `work` with an assembly that cannot load the code of the socket, but can from then on. */
function withoutSocketCode<T>(work: (fresh: typeof assemble) => T): T {
  const cached = [PART, ...RUNTIME].map((file) => [file, require.cache[file]] as const);
  for (const file of RUNTIME) delete require.cache[file];
  const gone = new Error("Cannot find module");
  const exports = Object.defineProperty({}, "SmtpMailer", {
    enumerable: true,
    get: () => {
      throw gone;
    },
  });
  require.cache[PART] = {
    ...module,
    id: PART,
    filename: PART,
    loaded: true,
    exports,
  };
  try {
    return work(require(RUNTIME[0] ?? "").assemble);
  } finally {
    for (const [file, entry] of cached) {
      if (entry === undefined) delete require.cache[file];
      else require.cache[file] = entry;
    }
  }
}

describe("A modem that chooses the way, and whose code for the socket is found late", () => {
  it("leaves attachments out only until then where the module takes one", async () => {
    const clock = new VirtualClock();
    const server = new MemorySmtp();
    const host = socketHost({
      module: { clock, busy: (work) => clock.busy(work), variants: { "attachment-limit": "1" } },
      serve: server.serve,
    });
    host.module.state(internet).mailServer = () => Promise.resolve({ err: 0, protocolError: 0 });
    await clock.until(host.ready);
    const settings = readModemSettings(
      {
        transport: "simulator",
        mailer: "auto",
        smtpHost: "mail.example.com",
        smtpPort: 25,
        smtpSecurity: "none",
        senderAddress: "pump7@example.com",
      },
      {},
    );
    const station = { ...host, moduleClock: new ModuleClock(host.modem, 1), speakBy: () => undefined };
    const { mailer, missing }: { mailer: Mailer; missing?: unknown } = withoutSocketCode((fresh) =>
      fresh(settings, { directory: join(tmpdir(), "none"), clock, log: new KeptLog(), station }),
    );
    assert.ok(missing !== undefined);
    const { signal } = new AbortController();
    const send = async (one: Transaction): Promise<Outcome> => {
      const prepared = await clock.until(
        mailer.prepare(one, { signal, ageMs: 0, possibleDuplicate: false }),
        3_600_000,
      );
      return prepared.kind === "prepared" ? clock.until(prepared.commit(signal), 3_600_000) : prepared;
    };
    const attachments = ["a.csv", "b.csv"].map((name) => attachment(name, Buffer.from("1;2\n")));
    const first = await send(transaction({ id: "one", attachments }));
    assert.equal(first.recipients[0]?.state, "accepted");
    assert.match(first.warnings.join(), /"b\.csv" was left out/);
    assert.equal(server.received.length, 0);
    // The module's client takes no such address, so the code is looked for.
    await send(transaction({ id: "two", to: ["wärter@example.com"] }));
    assert.equal(server.sessions, 1);
    const third = await send(transaction({ id: "three", attachments }));
    assert.deepEqual([third.recipients[0]?.state, third.warnings], ["accepted", []]);
    assert.equal(server.received.at(-1)?.text.match(/filename=/g)?.length, 2);
    mailer.close();
    await clock.until(host.close());
  });
});
