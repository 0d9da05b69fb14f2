// Writes the tables of README.md and docs/ that are made from the code, between their markers; needs `npm run build`.
// `--check` writes nothing and ends with 1 when one is not up to date.
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { withPart } from "./marked-parts.mjs";

const require = createRequire(import.meta.url);

const TABLES = [
  { page: "docs/errors.md", name: "errors", make: errorTable },
  { page: "docs/mail-servers.md", name: "providers", make: providerTable },
  { page: "README.md", name: "modules", make: moduleTable },
];

function errorTable() {
  const { ERROR_TABLE } = require("../build/lib/errors.js");
  const rows = Object.entries(ERROR_TABLE).map(
    ([code, row]) => `| \`${code}\` | ${row.number ?? ""} | ${row.class} | ${row.text} | ${row.hint} |`,
  );
  return ["| code | number | class | what happened | what to do |", "|---|---|---|---|---|", ...rows].join(
    "\n",
  );
}

function providerTable() {
  const { PROVIDERS, fitOf } = require("../build/lib/mail/providers/providers.js");
  const security = { tls: "TLS", starttls: "STARTTLS" };
  const login = {
    password: "password",
    appPassword: "app password",
    key: "SMTP key",
    ending: "no password in the long run",
    none: "**no**",
  };
  const fits = (provider, way) => {
    const fit = fitOf(provider, way);
    switch (fit.kind) {
      case "yes":
        return "yes";
      case "tooLong":
        return `no (${fit.bytes} bytes)`;
      case "mayBeClear":
        return "may be in clear";
      case "byToken":
        return "yes, by OAuth 2";
      case "ending":
        return "ending";
      case "no":
        return "**no**";
    }
  };
  const rows = PROVIDERS.map(
    (provider) =>
      `| ${provider.name} | \`${provider.hosts[0]}\` | ${provider.port} ${security[provider.security]} | ` +
      `${login[provider.login]} | ${fits(provider, "module")} | ${fits(provider, "socket")} | ${provider.remark} |`,
  );
  const head = [
    "| provider | server | port | login | by the module | by this package | remark |",
    "|---|---|---|---|---|---|---|",
  ];
  return [...head, ...rows].join("\n");
}

function moduleTable() {
  const { FAMILIES } = require("../build/lib/quectel/connection/models.js");
  const state = {
    manual: "supported by their mail client",
    related: "expected to work",
    noClient: "**no mail client**",
    otherDialect: "**do not work**",
  };
  const rows = FAMILIES.map(({ models, support, known }) => `| ${models} | ${state[support]} | ${known} |`);
  return ["| modules | state | what is known, from where |", "|---|---|---|", ...rows].join("\n");
}

for (const { page, name, make } of TABLES) {
  const path = fileURLToPath(new URL(`../${page}`, import.meta.url));
  const before = await readFile(path, "utf8");
  const after = withPart(before, { page, name, command: "npm run docs", part: make() });
  if (!process.argv.includes("--check")) {
    await writeFile(path, after);
  } else if (after !== before) {
    console.error(`${page} is not up to date: npm run build && npm run docs`);
    process.exitCode = 1;
  }
}
