// Lets the rows measure what users run: lib/ and nodes/ file by file as `npm run build` has compiled them.
//
// tsx, which runs the rows themselves, names every function anew each time it is made; for a command that is half of
// its cost.
const Module = require("node:module");
const { existsSync } = require("node:fs");
const path = require("node:path");

const ROOT = path.join(__dirname, "../../..");
const SOURCE = /^(lib|nodes)[\\/].*\.ts$/;

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (...request) {
  const file = resolveFilename.apply(this, request);
  const source = path.relative(ROOT, file);
  if (!SOURCE.test(source)) return file;
  const compiled = path.join(ROOT, "build", source.replace(/\.ts$/, ".js"));
  if (!existsSync(compiled)) throw new Error(`${source} is not compiled: npm run build`);
  return compiled;
};
