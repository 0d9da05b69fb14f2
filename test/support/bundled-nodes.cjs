// Lets the tests of nodes run what is packed: the files of dist/ in place of nodes/*.ts, as `npm run build` has made them.
//
//   npx mocha --require test/support/bundled-nodes.cjs "test/node/**/*.test.ts"
const Module = require("node:module");
const path = require("node:path");

const NODES = path.join(__dirname, "../../nodes");
const DIST = path.join(__dirname, "../../dist/nodes");

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (...request) {
  const file = resolveFilename.apply(this, request);
  return path.dirname(file) === NODES && file.endsWith(".ts")
    ? path.join(DIST, path.basename(file).replace(/\.ts$/, ".js"))
    : file;
};

// What tests replace, such as the clock, has to be what the files of dist/ use.
const ROOT = path.join(__dirname, "../..");
const { modules } = require("../../dist/base.js");
const load = Module._load;
Module._load = function (request, parent, isMain) {
  const isOwn = request.startsWith(".") && parent?.filename?.startsWith(path.join(ROOT, "test"));
  const source = isOwn
    ? path.relative(ROOT, path.resolve(path.dirname(parent.filename), `${request}.ts`))
    : "";
  return modules[source] ?? load.call(this, request, parent, isMain);
};
