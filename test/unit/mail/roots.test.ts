import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { namesOf, rootByName, rootNames, rootsByName } from "../../../lib/mail/providers/root-store";
import { rootsFor } from "../../../lib/mail/providers/roots";
import type { RootCertificate } from "../../../lib/quectel/settings";
import type { RootPem } from "../../../lib/mailer/qsmtp/tls";
import { failsWith } from "./support";

const roots = (host: string, root: RootCertificate): Promise<readonly RootPem[]> =>
  rootsFor({ host, tls: { verify: true, root, contextId: 1 } });

const names = async (host: string, root: RootCertificate): Promise<readonly string[]> =>
  (await roots(host, root)).map(({ name }) => name);

const certificate = (file: string): Promise<string> =>
  readFile(join(__dirname, "../../support/certificates", file), "utf8");

describe("the root store of the runtime", () => {
  it("gives every certificate a name of its own", () => {
    assert.equal(rootNames().length, rootCertificates.length);
    for (const name of rootNames()) {
      const pem = rootByName(name)?.pem ?? "";
      assert.ok(rootCertificates.includes(pem), name);
    }
  });

  it("names certificates that share the CN by their OU", () => {
    const pem = rootByName("GlobalSign Root CA - R3")?.pem ?? "";
    assert.match(new X509Certificate(pem).subject, /OU=GlobalSign Root CA - R3\n/);
    assert.equal(rootByName("GlobalSign"), undefined);
  });

  it("lists the names as a person looks them up", () => {
    assert.deepEqual(
      rootNames(),
      rootNames().toSorted((a, b) => a.localeCompare(b, "en")),
    );
  });

  it("gives a name of their own to certificates of one owner, and keeps the short name of all others", () => {
    const wanted = ["Amazon Root CA 1", "GlobalSign Root CA - R3", "GlobalSign Root CA - R6"];
    const pems = wanted.map((name) => rootByName(name)?.pem ?? "");
    const found = rootsByName(pems);
    assert.deepEqual([...found.keys()], wanted);
    assert.deepEqual(
      [...found.values()],
      wanted.map((name, index) => ({ name, pem: pems[index] })),
    );
    assert.deepEqual([...rootsByName(pems.slice(0, 2)).keys()], ["Amazon Root CA 1", "GlobalSign"]);
  });

  it("calls an owner by CN, then OU, and by all there is where it has neither", () => {
    assert.deepEqual(namesOf({ subject: "C=BE\nO=Example\nOU=Roots\nOU=R3\nCN=Example CA" }), [
      "Example CA",
      "Roots",
      "R3",
    ]);
    assert.deepEqual(namesOf({ subject: "C=BE\nOU=Roots" }), ["Roots"]);
    assert.deepEqual(namesOf({ subject: "C=BE\nO=Example" }), ["C=BE, O=Example"]);
    assert.deepEqual(namesOf({ subject: undefined }), [""]);
  });
});

describe("root certificates for a mail server", () => {
  it("are those of its provider first, then the common ones, none twice", async () => {
    const list = await names("smtp.gmail.com", { from: "auto" });
    assert.deepEqual(list.slice(0, 4), [
      "GTS Root R1",
      "GTS Root R4",
      "GlobalSign Root CA - R3",
      "ISRG Root X1",
    ]);
    assert.equal(new Set(list).size, list.length);
  });

  it("are the common ones for an unknown server", async () => {
    const list = await names("mail.example.com", { from: "auto" });
    assert.deepEqual(list.slice(0, 2), ["ISRG Root X1", "DigiCert Global Root G2"]);
    assert.equal(list.length, 6);
  });

  it("are certificates of the runtime's store", async () => {
    for (const { name, pem } of await roots("smtp.fastmail.com", { from: "auto" })) {
      assert.ok(rootCertificates.includes(pem), name);
    }
  });

  it("is the one that was chosen by name", async () => {
    assert.deepEqual(await names("mail.example.com", { from: "name", name: " Amazon Root CA 1 " }), [
      "Amazon Root CA 1",
    ]);
    await assert.rejects(
      roots("mail.example.com", { from: "name", name: "Nobody's CA" }),
      failsWith("INVALID_CONFIG", /"Nobody's CA"/),
    );
  });

  it("is the one that was pasted", async () => {
    const pem = await certificate("ca.pem");
    const [root, ...more] = await roots("mail.example.com", {
      from: "pem",
      pem: `text before\n${pem}\ntext after`,
    });
    assert.deepEqual(more, []);
    assert.deepEqual(new X509Certificate(root?.pem ?? "").raw, new X509Certificate(pem).raw);
    assert.notEqual(root?.name, "");
  });

  it("are the roots of a pasted chain before the rest, and never its private key", async () => {
    const [key, intermediate, ca] = await Promise.all([
      certificate("intermediate.key"),
      certificate("intermediate.pem"),
      certificate("ca.pem"),
    ]);
    const list = await roots("mail.example.com", { from: "pem", pem: key + intermediate + ca });
    const subjects = list.map(({ pem }) => new X509Certificate(pem).subject);
    assert.deepEqual(subjects, [new X509Certificate(ca).subject, new X509Certificate(intermediate).subject]);
    assert.ok(list.every(({ pem }) => !pem.includes("PRIVATE KEY")));
  });

  it("are refused as pasted text without a certificate, with a damaged one, or with a whole store", async () => {
    const pem = await certificate("ca.pem");
    const wrong = [
      ["", /it holds 0 certificates/],
      ["nonsense", /it holds 0 certificates/],
      [await certificate("ca.key"), /it holds 0 certificates/],
      [pem.replace(/\n.{64}\n/, "\nAAAA\n"), /is not valid PEM text: a certificate in it is damaged/],
      [pem.repeat(9), /it holds 9 certificates/],
    ] as const;
    for (const [text, why] of wrong) {
      await assert.rejects(
        roots("mail.example.com", { from: "pem", pem: text }),
        failsWith("INVALID_CONFIG", why),
      );
    }
    assert.equal((await roots("mail.example.com", { from: "pem", pem: pem.repeat(8) })).length, 8);
  });
});
