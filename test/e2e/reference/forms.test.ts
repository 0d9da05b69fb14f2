/**
 * Every command form, parameter and example of the manuals, played to the simulated module byte by byte as a person
 * with a terminal would. What the client writes of them is shown by `client.test.ts`.
 */
import assert from "node:assert/strict";
import { internet } from "../../../lib/simulator";
import { MemoryMailServer } from "../../support/memory-mail-server";
import { Dialogue } from "../../unit/simulator/dialogue";
import type { Form } from "./form";
import { OTHER_CHAPTERS } from "./other-forms";
import { SMTP_CHAPTERS } from "./smtp-forms";

async function module(): Promise<Dialogue> {
  const host = new Dialogue({
    variants: { "list-nothing": "ok", "delete-empty-store": "ok", "cipher-list": "long" },
  });
  Object.assign(host.modem.state(internet), {
    hosts: { "mail.example.com": "127.0.0.1" },
    mailServer: new MemoryMailServer().take,
  });
  await host.configure("AT+CMEE=1");
  // Registered, application processor up.
  await host.clock.advance(60_000);
  return host;
}

async function play(host: Dialogue, { line, answer, data, urc }: Form): Promise<void> {
  const said = data === undefined ? await host.command(line) : await host.commandWithData(line, data);
  if (typeof answer === "string") assert.equal(said, answer, line);
  else assert.match(said, answer, line);
  if (urc !== undefined) await host.urc(urc);
}

describe("the simulated module", () => {
  const chapters = [...SMTP_CHAPTERS, ...OTHER_CHAPTERS];
  for (const { title, forms } of chapters) {
    it(`answers all ${forms.length} forms of ${title}`, async () => {
      const host = await module();
      for (const form of forms) await play(host, form);
    });
  }
});
