/** Mails of the simulated mail client to the campaign's servers in memory: what befalls these, the module names. */
import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import type { DeliveryResult } from "../../../lib/simulator/delivery/smtp-codes";
import { deliver } from "../../../lib/simulator/delivery/smtp-delivery";
import { memoryConnection } from "../../campaign/fault/memory-connection";
import { PostOffice, type TlsTrouble } from "../../campaign/fault/post-office";
import { socketCounter, type Encryption } from "../../campaign/fault/socket-counter";
import { checkedBy, delivery, realTime } from "../../unit/simulator/delivery-setup";

const NETWORK = { givenOnly: true, hosts: { "mail.example.com": "127.0.0.1" } };
const LOGIN = { user: "pump7", password: "secret" };

/** A server in memory, and what the module says of a mail to it. */
function server(security: Encryption) {
  const office = new PostOffice();
  office.login = LOGIN;
  const serve = socketCounter({ office, security, counter: "tls", before: async () => undefined });
  const smtpServer = (): Duplex => memoryConnection(serve);
  const tls = checkedBy("ca", { checkName: true, sni: true });
  const mail = delivery(25, { ...LOGIN, host: "mail.example.com", security, tls });
  const send = (): Promise<DeliveryResult> => deliver(mail, { ...NETWORK, smtpServer }, realTime());
  return { office, send };
}

describe("A mail server of the campaign in memory", () => {
  for (const security of ["none", "tls", "starttls"] as const) {
    it(`takes mails of the module's client (${security}), and is seen to crash`, async () => {
      const { office, send } = server(security);
      assert.equal((await send()).err, 0);
      assert.match(String(office.arrivals[0]?.raw), /Level/);
      office.atAcceptance = () => "hang up";
      assert.equal((await send()).err, 656);
      assert.equal(office.arrivals.length, 2);
      office.isDown = true;
      assert.equal((await send()).err, 656);
      office.isDown = false;
      office.login = { ...LOGIN, password: "another" };
      assert.equal((await send()).protocolError, 535);
    });
  }

  for (const security of ["tls", "starttls"] as const) {
    it(`fails in its TLS as one on a socket does (${security})`, async () => {
      const { office, send } = server(security);
      const results: Partial<Record<TlsTrouble, number>> = {};
      for (const trouble of ["wrong name", "nonsense", "hangs up"] as const) {
        office.tlsTrouble = trouble;
        results[trouble] = (await send()).err;
      }
      assert.deepEqual(results, { "wrong name": 665, nonsense: 665, "hangs up": 656 });
      assert.equal(office.arrivals.length, 0);
    });
  }
});
