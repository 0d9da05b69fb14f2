import assert from "node:assert/strict";
import {
  adviceFor,
  findProvider,
  fitOf,
  PROVIDERS,
  proposedWay,
} from "../../../lib/mail/providers/providers";
import { rootByName } from "../../../lib/mail/providers/root-store";

describe("the table of mail servers", () => {
  for (const provider of PROVIDERS) {
    it(`has values for ${provider.name} that every module takes`, () => {
      assert.ok(provider.hosts.length > 0);
      for (const host of provider.hosts) {
        assert.match(host, /^(?:(?:\*|[a-z0-9-]+)\.)+[a-z]+$/);
        // The longest name of an Amazon region has 14 characters.
        assert.ok(host.replace("*", "x".repeat(14)).length <= 50, host);
        assert.equal(findProvider(host), provider);
      }
      assert.equal(provider.security, provider.port === 465 ? "tls" : "starttls");
      assert.ok([465, 587].includes(provider.port));
      assert.match(provider.remark, /\.$/);
    });

    it(`names roots of ${provider.name} that this Node.js has`, () => {
      for (const name of provider.roots) assert.equal(rootByName(name)?.name, name);
    });
  }

  it("finds a provider by its server's name, whatever its case, with one label for a star", () => {
    assert.equal(findProvider(" SMTP.Gmail.com. ")?.name, "Gmail");
    assert.equal(findProvider("email-smtp.eu-west-1.amazonaws.com")?.name, "Amazon SES");
    for (const host of [
      "mail.example.com",
      "email-smtp.amazonaws.com",
      "x.smtp.gmail.com",
      "smtp.gmail.com.example.com",
      "",
    ]) {
      assert.equal(findProvider(host), undefined, host);
    }
  });

  const whose = (way: "module" | "socket", kind: string): readonly string[] =>
    PROVIDERS.filter((provider) => fitOf(provider, way).kind === kind).map(({ name }) => name);

  it("knows what works by which way", () => {
    assert.deepEqual(whose("module", "tooLong"), ["SendGrid", "Brevo"]);
    assert.deepEqual(whose("module", "mayBeClear"), ["Postmark", "WEB.DE", "iCloud"]);
    for (const kind of ["tooLong", "mayBeClear"]) assert.deepEqual(whose("socket", kind), []);
    assert.deepEqual(whose("module", "ending"), ["Microsoft 365"]);
    assert.deepEqual(whose("socket", "byToken"), ["Microsoft 365"]);
    assert.deepEqual(whose("socket", "ending"), []);
    for (const way of ["module", "socket"] as const) assert.deepEqual(whose(way, "no"), ["Outlook.com"]);
  });

  it("proposes the module's client where that will do", () => {
    for (const provider of PROVIDERS) {
      const fits = fitOf(provider, "module").kind === "yes";
      assert.equal(proposedWay(provider), fits ? "module" : "socket", provider.name);
    }
    const gmail = findProvider("smtp.gmail.com");
    assert.ok(gmail !== undefined && proposedWay(gmail) === "module");
  });
});

describe("advice about mail settings", () => {
  const good = {
    host: "mail.example.com",
    port: 465,
    security: "tls",
    mailer: "module",
    byToken: false,
    userBytes: 10,
    passwordBytes: 10,
  } as const;
  const kinds = (change: object): string[] => adviceFor({ ...good, ...change }).map(({ kind }) => kind);

  it("is silent about good settings", () => {
    assert.deepEqual(kinds({}), []);
    assert.deepEqual(kinds({ port: 2525, security: "none" }), []);
    assert.deepEqual(kinds({ port: 587, security: "starttls" }), []);
  });

  it("warns of providers where the module cannot log in", () => {
    for (const host of ["smtp.office365.com", "smtp-mail.outlook.com"]) {
      const [advice] = adviceFor({ ...good, host, port: 587, security: "starttls" });
      assert.match(advice?.kind === "login" ? advice.provider.remark : "", /[Pp]assword login/);
    }
    assert.deepEqual(
      kinds({ host: "smtp.office365.com", port: 587, security: "starttls", byToken: true }),
      [],
    );
  });

  it("warns of credentials that some modules find too long, counted in bytes", () => {
    assert.deepEqual(kinds({ passwordBytes: 50 }), []);
    assert.deepEqual(kinds({ passwordBytes: 51 }), ["credentials"]);
    assert.deepEqual(kinds({ userBytes: 51 }), ["credentials"]);
    for (const mailer of ["socket", "auto"]) assert.deepEqual(kinds({ mailer, passwordBytes: 90 }), []);
  });

  it("warns of a port that does not fit the security", () => {
    assert.deepEqual(kinds({ security: "starttls" }), ["security"]);
    assert.deepEqual(kinds({ port: 587 }), ["security"]);
  });
});
