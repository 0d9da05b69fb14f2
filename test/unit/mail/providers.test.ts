import assert from "node:assert/strict";
import {
  adviceFor,
  findProvider,
  issuesLongCredentials,
  PROVIDERS,
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

  it("knows whose keys are longer than modules take", () => {
    assert.deepEqual(
      PROVIDERS.filter(issuesLongCredentials).map(({ name }) => name),
      ["SendGrid", "Brevo"],
    );
  });
});

describe("advice about mail settings", () => {
  const good = { host: "mail.example.com", port: 465, security: "tls", user: "u", password: "p" } as const;

  it("is silent about good settings", () => {
    assert.deepEqual(adviceFor(good), []);
    assert.deepEqual(adviceFor({ ...good, port: 2525, security: "none" }), []);
  });

  it("warns of providers where the module cannot log in", () => {
    for (const host of ["smtp.office365.com", "smtp-mail.outlook.com"]) {
      assert.match(adviceFor({ ...good, host, port: 587, security: "starttls" }).join(), /by password/);
    }
  });

  it("warns of credentials that some modules find too long, counted in bytes", () => {
    assert.deepEqual(adviceFor({ ...good, password: "p".repeat(50) }), []);
    assert.match(adviceFor({ ...good, password: "p".repeat(51) }).join(), /longer than 50 bytes/);
    assert.match(adviceFor({ ...good, user: "ü".repeat(26) }).join(), /longer than 50 bytes/);
  });

  it("warns of a port that does not fit the security", () => {
    assert.match(adviceFor({ ...good, security: "starttls" }).join(), /hardly fit/);
    assert.match(adviceFor({ ...good, port: 587 }).join(), /hardly fit/);
  });
});
