/** Whom a connection believes to be the mail server, shown by handshakes in memory. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { duplexPair } from "node:stream";
import tls from "node:tls";
import { SPECIAL_HINTS } from "../../../lib/errors";
import { rootNames } from "../../../lib/mail/providers/root-store";
import { trustOf } from "../../../lib/mailer/smtp/trust";
import type { RootCertificate } from "../../../lib/quectel/settings";
import { certificate, type CertificateName } from "../../support/certificates";

const HOST = "mail.example.com";

describe("Trust in a mail server", () => {
  /** Pasted text that no test has pasted before: what was made of a text is kept. */
  const pasted = (...names: readonly CertificateName[]): RootCertificate => ({
    from: "pem",
    pem: `${randomUUID()}\n${names.map((name) => certificate(name).cert).join("\n")}`,
  });
  const optionsOf = (root: RootCertificate, host = HOST, verify = true) =>
    trustOf({ host, tls: { verify, root, contextId: 1 } });

  /** What a handshake with the server of that certificate comes to: the version of TLS, or the code of the error. */
  async function handshake(
    options: tls.ConnectionOptions,
    name: CertificateName = "server",
    server: tls.SecureContextOptions = {},
  ): Promise<string> {
    const [near, far] = duplexPair();
    const peer = new tls.TLSSocket(far, {
      isServer: true,
      secureContext: tls.createSecureContext({ ...certificate(name), ...server }),
    });
    peer.on("error", () => undefined);
    const client = tls.connect({ ...options, socket: near });
    try {
      return await new Promise<string>((resolve) => {
        client.once("secureConnect", () => resolve(client.getProtocol() ?? ""));
        client.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      });
    } finally {
      client.destroy();
      peer.destroy();
    }
  }

  /** Node.js 22.15 tells whom it trusts by default; for a moment it says `value`. */
  function telling<T>(value: unknown, work: () => T): T {
    const own = Object.getOwnPropertyDescriptor(tls, "getCACertificates");
    Object.defineProperty(tls, "getCACertificates", { value, configurable: true, writable: true });
    try {
      return work();
    } finally {
      if (own === undefined) Reflect.deleteProperty(tls, "getCACertificates");
      else Object.defineProperty(tls, "getCACertificates", own);
    }
  }

  it("is that in a pasted certificate, wherever it stands in the text, and in no other private one", async () => {
    assert.equal(await handshake(optionsOf(pasted("ca"))), "TLSv1.3");
    assert.equal(await handshake(optionsOf(pasted("other-ca", "ca"))), "TLSv1.3");
    assert.notEqual(await handshake(optionsOf(pasted("other-ca"))), "TLSv1.3");
  });

  it("is not given to a server of the tests by default, or by another root's name", async () => {
    const [name = ""] = rootNames();
    for (const root of [{ from: "auto" }, { from: "name", name }] as const)
      assert.match(await handshake(optionsOf(root)), /^(?:SELF_SIGNED_CERT|UNABLE_TO|DEPTH_ZERO)/);
  });

  it("is given without verification to any server, but never without encryption", async () => {
    const options = optionsOf({ from: "auto" }, HOST, false);
    assert.equal(await handshake(options), "TLSv1.3");
    assert.equal(await handshake(options, "other-name"), "TLSv1.3");
  });

  it("asks for the name of the settings, and for none where they name an address", async () => {
    assert.equal(optionsOf({ from: "auto" }).servername, HOST);
    for (const address of ["192.0.2.1", "2001:db8::1"])
      assert.equal("servername" in optionsOf({ from: "auto" }, address), false);
    const options = optionsOf(pasted("ca"));
    assert.equal(await handshake(options, "other-name"), "ERR_TLS_CERT_ALTNAME_INVALID");
  });

  it("needs TLS 1.2", async () => {
    const options = optionsOf(pasted("ca"));
    assert.equal(await handshake(options, "server", { maxVersion: "TLSv1.2" }), "TLSv1.2");
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
    assert.match(await handshake(options, "server", old), /VERSION|PROTOCOL|EPROTO|ECONNRESET/);
  });

  it("in a pasted certificate adds to whom the administrator of the host trusts", async () => {
    const asked: unknown[] = [];
    const options = telling(
      (kind: unknown) => {
        asked.push(kind);
        return [certificate("ca").cert, 42];
      },
      () => optionsOf(pasted("other-ca")),
    );
    assert.deepEqual(asked, ["default"]);
    assert.equal(await handshake(options), "TLSv1.3");
    // Older versions of Node.js cannot tell.
    for (const value of [undefined, "other", () => undefined]) {
      const older = telling(value, () => optionsOf(pasted("ca")));
      assert.equal(await handshake(older), "TLSv1.3");
    }
  });

  it("in text without a certificate that can be read is a mistake in the settings", () => {
    const begin = "-----BEGIN CERTIFICATE-----";
    for (const pem of ["", "a certificate", `${begin}\nMIIB\n-----END CERTIFICATE-----\n`])
      assert.throws(() => optionsOf({ from: "pem", pem: `${randomUUID()}\n${pem}` }), {
        code: "INVALID_CONFIG",
        class: "setup",
        hint: SPECIAL_HINTS.badPem,
        message: /the certificate in the settings cannot be read/,
      });
    assert.throws(() => optionsOf({ from: "name", name: "No Such Root" }), { code: "INVALID_CONFIG" });
  });

  it("is read once for each root, and the eight that were read last are kept", () => {
    const names = rootNames().slice(0, 18);
    const contextOf = (name: string) => optionsOf({ from: "name", name }).secureContext;
    // Whatever was kept before is gone after this.
    names.slice(9).forEach(contextOf);
    const contexts = names.slice(0, 8).map(contextOf);
    assert.equal(new Set(contexts).size, 8);
    assert.deepEqual(
      names.slice(0, 8).map((name, index) => contextOf(name) === contexts[index]),
      contexts.map(() => true),
    );
    contextOf(names[8] ?? "");
    assert.equal(contextOf(names[1] ?? ""), contexts[1]);
    assert.notEqual(contextOf(names[0] ?? ""), contexts[0]);
    assert.equal(contextOf(names[2] ?? ""), contexts[2]);
    assert.notEqual(contextOf(names[1] ?? ""), contexts[1]);
  });
});
