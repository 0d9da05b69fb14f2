/** The rules of the Flow Library's scorecard that can be checked without network. */
import assert from "node:assert/strict";
import { editorNodes, filesIn, nodeNames, readJson, readText } from "../support/editor-files";

const manifest = readJson("package.json");

/** The lowest Node.js that the newest Node-RED runs on (rule P07), and versions this package names as tested. */
const NODE_OF_NODE_RED_5 = "22.9.0";

/** Used below its documented face, so each version is tried before it is taken (docs/decisions/dependencies.md). */
const EXACT = ["nodemailer"];

describe("The Flow Library's scorecard", () => {
  it("finds licence, repository, bugs and keyword (P01, P03, P05)", () => {
    assert.equal(manifest.license, "Apache-2.0");
    assert.match(readText("LICENSE"), /Apache License/);
    assert(manifest.repository.url && manifest.bugs.url);
    assert(manifest.keywords.includes("node-red"));
  });

  it("finds what a person reads in the list: a description of three lines, words to search for, a picture first", () => {
    assert.match(manifest.description, /Quectel.*\. .*\. .*\.$/);
    assert(manifest.description.length > 150 && manifest.description.length <= 300);
    assert.deepEqual(manifest.keywords, [...new Set<string>(manifest.keywords)].sort());
    for (const word of ["email", "lte", "modem", "smtp"]) assert(manifest.keywords.includes(word), word);
    // The list shows the README without its repository, so a picture needs a whole address.
    const pictures = [...readText("README.md").matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)];
    assert(pictures.length >= 3);
    for (const [, text = "", address = ""] of pictures) {
      const file = address.split(
        "githubusercontent.com/modem-mail/node-red-quectel-smtp/main/docs/images/",
      )[1];
      assert(text.length > 10 && file !== undefined && filesIn("docs/images").includes(file), address);
    }
  });

  it("finds a scoped name whose base does not claim to be of Node-RED itself (P04)", () => {
    assert.match(manifest.name, /^@[a-z0-9-]+\/node-red-[a-z0-9-]+$/);
  });

  it("finds that Node-RED 4.1 and 5.0 fit (P06) and the Node.js of the newest one too (P07)", () => {
    assert.equal(manifest["node-red"].version, ">=4.0.0");
    // A plain lower bound: a list of ranges would leave out minimum versions of Node-RED.
    const [, lowest] = /^>=(\d+\.\d+)$/.exec(manifest.engines.node) ?? [];
    assert(lowest !== undefined && lowest.localeCompare(NODE_OF_NODE_RED_5, "en", { numeric: true }) < 0);
  });

  it("finds every node of the palette in an example (N02)", () => {
    const used = new Set(
      filesIn("examples").flatMap((file) =>
        readJson(`examples/${file}`).map(({ type }: { type: string }) => type),
      ),
    );
    const missing = nodeNames().filter((name) => !used.has(name));
    assert.deepEqual(missing, []);
  });

  it("finds at most six dependencies, and neither Node-RED nor a test tool among them (D01)", () => {
    const names = Object.keys(manifest.dependencies);
    assert(names.length <= 6);
    for (const name of names) assert.doesNotMatch(name, /^node-red|mocha|typescript/);
  });

  it("finds no agent-base that is too old among what is installed with the package (D02)", () => {
    const packages: Readonly<Record<string, { readonly version?: string; readonly dev?: true }>> =
      readJson("package-lock.json").packages;
    const old = Object.entries(packages).filter(
      ([path, { version = "", dev }]) =>
        path.endsWith("/agent-base") && dev !== true && /^[0-5]\./.test(version),
    );
    assert.deepEqual(old, []);
  });

  it("finds each dependency's range open to later versions of its major, as the lock file has it (D03)", () => {
    const { packages } = readJson("package-lock.json");
    for (const [name, range] of Object.entries<string>(manifest.dependencies)) {
      const installed: string = packages[`node_modules/${name}`].version;
      if (EXACT.includes(name)) assert.equal(range, installed, name);
      else {
        assert.match(range, /^\^\d/, name);
        assert.equal(installed.split(".")[0], range.slice(1).split(".")[0], name);
      }
    }
  });

  it("finds node types that nobody else has: prefixed, and equal to their node sets (N01)", () => {
    for (const { name, html } of editorNodes()) {
      assert.match(name, /^quectel-[a-z-]+$/);
      const registered = [...html.matchAll(/registerType\("([^"]+)"/g)].map(([, type]) => type);
      assert.deepEqual(registered, [name]);
    }
  });

  it("finds a compiled file, its html and its source for each node", () => {
    for (const [name, file] of Object.entries(manifest["node-red"].nodes)) {
      assert.equal(file, `dist/nodes/${name}.js`);
      assert(filesIn("nodes").includes(`${name}.ts`) && filesIn("nodes").includes(`${name}.html`), name);
    }
  });

  it("reads type, category, colour, ports and icon of each node as plain literals", () => {
    for (const { name, html } of editorNodes()) {
      assert(html.includes(`RED.nodes.registerType("${name}", {`), name);
      assert.match(html, /\n *category: "[\w ]+",\n *color: "#[0-9A-F]{6}",\n *defaults: \{/, name);
      if (html.includes('category: "config"')) assert.match(html, /\n *credentials: \{/, name);
      else assert.match(html, /\n *inputs: [01],\n *outputs: [12],\n *icon: "[\w-]+\.svg",/, name);
    }
  });
});
