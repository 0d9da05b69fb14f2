/** What a person sees whose editor is set to another language: dialogs, help, statuses, explained errors. */
import assert from "node:assert/strict";
import { nodeRedVersions } from "../../support/node-red-versions";
import { readJson, readText } from "../../support/editor-files";
import { Editor } from "./editor";

const PALETTE = ["smtp-send", "attach-file", "pdp-context", "modem-status", "outbox"] as const;
const TABS = ["modem", "network", "server", "security", "outbox"] as const;
const FLOWS = [
  { id: "tab", type: "tab", label: "Test" },
  {
    id: "modem",
    type: "quectel-modem",
    name: "",
    version: 1,
    transport: "serial",
    serialPort: "/dev/no-such-port",
    smtpHost: "mail.example.com",
    smtpPort: "465",
    senderAddress: "pump7@example.com",
  },
  ...PALETTE.map((name, index) => ({
    id: name,
    type: `quectel-${name}`,
    z: "tab",
    name: "",
    version: 1,
    modem: "modem",
    x: 200,
    y: 80 + 60 * index,
    wires: [],
  })),
  {
    id: "simulated",
    type: "quectel-modem",
    name: "",
    version: 1,
    transport: "simulator",
    smtpHost: "127.0.0.1",
    // Nothing listens there.
    smtpPort: "9",
    smtpSecurity: "none",
    senderAddress: "pump7@example.com",
  },
  {
    id: "alarm",
    type: "inject",
    z: "tab",
    name: "",
    props: [{ p: "payload" }, { p: "to", v: "duty@example.com", vt: "str" }],
    payload: "Level high",
    payloadType: "str",
    once: true,
    onceDelay: 0.1,
    x: 200,
    y: 400,
    wires: [["waiting"]],
  },
  {
    id: "waiting",
    type: "quectel-smtp-send",
    z: "tab",
    name: "",
    version: 1,
    modem: "simulated",
    x: 420,
    y: 400,
    wires: [[], []],
  },
];

/** The texts of an element's catalog that the open dialog shows, and what the page shows instead. */
interface ShownText {
  readonly key: string;
  readonly shown: string;
}

/** What `data-i18n` fills in the open dialog. */
const SHOWN_TEXTS = `$(".quectel-dialog [data-i18n]").toArray().flatMap((element) =>
  $(element).attr("data-i18n").split(";").map((entry) => {
    // The editor has put the catalog's name before each key.
    const [, attribute, key] = /^(?:\\[([\\w-]+)\\])?(?:.*:)?(.*)$/.exec(entry);
    if (attribute === "html") return { key, shown: element.innerHTML };
    return { key, shown: attribute === undefined ? $(element).text() : $(element).attr(attribute) };
  }))`;

/** Choices of the visible selects that are wider than their select. */
const CRAMPED_CHOICES = `$(".quectel-dialog select:visible").toArray().flatMap((select) => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = getComputedStyle(select).font;
  const room = select.clientWidth - 30;
  return [...select.options].map(({ text }) => text).filter((text) => pen.measureText(text).width > room);
})`;

/** What does not fit into the help that is shown: any element, and any text beyond the help's right edge. */
const CRAMPED_HELP = `{
  const help = $(".red-ui-help:visible")[0];
  const edge = help.getBoundingClientRect().right + 1;
  const elements = [help, ...help.querySelectorAll("*")];
  const isCut = (element) => {
    const isInline = getComputedStyle(element).display === "inline";
    return (!isInline && element.scrollWidth > element.clientWidth + 1) || element.getBoundingClientRect().right > edge;
  };
  ({ count: elements.length, cut: elements.filter(isCut).map((one) => one.tagName + ": " + one.textContent.trim().slice(0, 60)) });
}`;

/** Names in the palette of which letters are cut, or that are broken inside a word. */
const POOR_NAMES = `{
  const isLetter = (letter) => /\\p{L}/u.test(letter ?? "");
  const labels = $(".red-ui-palette-node[data-palette-type^=quectel-] .red-ui-palette-label").toArray();
  const poor = labels.flatMap((label) => {
    const node = label.closest(".red-ui-palette-node").getBoundingClientRect();
    const letters = [];
    const walker = document.createTreeWalker(label, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      [...walker.currentNode.data].forEach((letter, at) => {
        const range = document.createRange();
        range.setStart(walker.currentNode, at);
        range.setEnd(walker.currentNode, at + 1);
        letters.push({ letter, place: range.getBoundingClientRect() });
      });
    }
    const isBroken = letters.some(({ letter, place }, at) => {
      const next = letters[at + 1];
      return isLetter(letter) && isLetter(next?.letter) && next.place.top > place.top + 2;
    });
    const isCut = label.scrollWidth > label.clientWidth ||
      letters.some(({ place }) =>
        place.left < node.left || place.right > node.right || place.top < node.top || place.bottom > node.bottom);
    return isBroken || isCut ? [label.textContent + (isBroken ? " is broken" : " is cut")] : [];
  });
  ({ count: labels.filter((label) => label.clientWidth > 0).length, poor });
}`;

function textAt(catalog: unknown, key: string): unknown {
  return key
    .split(".")
    .reduce<unknown>(
      (group, part) =>
        typeof group === "object" && group !== null
          ? Object.entries(group).find(([name]) => name === part)?.[1]
          : undefined,
      catalog,
    );
}

for (const version of nodeRedVersions()) {
  describe(`The editor of Node-RED ${version.name}`, () => {
    let editor: Editor;

    before(async () => {
      editor = await Editor.start({ version, flows: FLOWS });
    });

    after(async () => {
      await editor?.stop();
    });

    const switchTo = async (language: string): Promise<void> => {
      await editor.page.evaluate(`localStorage.setItem("editor-language", ${JSON.stringify(language)})`);
      await editor.page.reload();
      await editor.page.waitForSelector(".red-ui-flow-node");
    };

    /** The help of all nodes, and their names in the palette. */
    const layoutTests = (language: string): void => {
      it("breaks the names in the palette between words, and cuts none", async () => {
        await editor.page.locator(".red-ui-palette-node[data-palette-type=quectel-smtp-send]").waitFor();
        assert.deepEqual(await editor.page.evaluate(POOR_NAMES), { count: PALETTE.length, poor: [] });
      });

      it("shows the help of every node in the width of the sidebar, and nothing is cut", async () => {
        for (const name of [...PALETTE, "modem"]) {
          await editor.page.evaluate(`RED.sidebar.help.show("quectel-${name}", true)`);
          await editor.page.waitForFunction(
            `$(".red-ui-help:visible").text().includes($("<div>").html(RED.nodes.getNodeHelp("quectel-${name}")).find("p").first().text())`,
          );
          await editor.picture(`${language}-help-${name}`);
          const { count, cut }: { count: number; cut: string[] } = await editor.page.evaluate(CRAMPED_HELP);
          assert.deepEqual(cut, [], name);
          assert.ok(count > 10, `${name}: ${count} elements`);
        }
      });
    };

    describe("in en-US", () => {
      before(() => switchTo("en-US"));
      layoutTests("en-US");
    });

    for (const language of ["de", "ja", "zh-CN"] as const) {
      describe(`in ${language}`, () => {
        const catalogOf = (name: string): unknown =>
          readJson(`nodes/locales/${language}/quectel-${name}.json`);

        const checkDialog = async (name: string): Promise<void> => {
          const catalog = catalogOf(name);
          const texts: ShownText[] = await editor.page.evaluate(SHOWN_TEXTS);
          assert(texts.length > 2);
          for (const { key, shown } of texts) assert.equal(shown, textAt(catalog, key), key);
        };

        const checkRoom = async (): Promise<void> => {
          assert.deepEqual(await editor.crampedLabels(), []);
          assert.deepEqual(await editor.page.evaluate(CRAMPED_CHOICES), []);
          assert.deepEqual((await editor.crookedTicks()).crooked, []);
        };

        before(() => switchTo(language));

        layoutTests(language);

        for (const name of PALETTE) {
          it(`shows the dialog of ${name}, and nothing is cut`, async () => {
            await editor.openNode(name);
            try {
              await editor.picture(`${language}-${name}`);
              await checkDialog(name);
              if (name === "smtp-send") await editor.openMore();
              await checkRoom();
            } finally {
              await editor.cancel();
            }
          });
        }

        for (const [width, height] of [
          [1400, 900],
          [1366, 657],
        ] as const) {
          it(`shows every tab of the modem's dialog on ${width} x ${height}, and nothing is cut`, async () => {
            await editor.page.setViewportSize({ width, height });
            await editor.openConfig("quectel-modem", "modem");
            try {
              await checkDialog("modem");
              for (const tab of TABS) {
                await editor.openTab(tab);
                await editor.picture(`${language}-modem-${tab}-${width}`);
                if (tab === "server") {
                  for (const property of ["smtpHost", "smtpPort", "login", "smtpUser", "smtpPassword"])
                    assert.equal(await editor.isInSight(property), true, property);
                }
                await editor.openMore();
                await checkRoom();
              }
            } finally {
              await editor.cancel();
            }
          });
        }

        it("shows the help", async () => {
          for (const name of [...PALETTE, "modem"]) {
            const [, first = ""] =
              /<p>([\s\S]*?)<\/p>/.exec(readText(`nodes/locales/${language}/quectel-${name}.html`)) ?? [];
            const shown: string = await editor.page.evaluate(`RED.nodes.getNodeHelp("quectel-${name}")`);
            assert(shown.includes(first), name);
          }
          await editor.page.evaluate(`RED.sidebar.help.show("quectel-smtp-send", true)`);
          await editor.page.locator(".red-ui-help dl").first().waitFor();
          await editor.picture(`${language}-help`);
        });

        it("shows the status of a node", async () => {
          const word: string = readJson(`nodes/locales/${language}/runtime.json`).status.PORT_NOT_FOUND;
          await editor.page.locator(".red-ui-flow-node-status-label", { hasText: word }).first().waitFor();
        });

        it("shows each part of a status with figures", async () => {
          const { simulated, SMTP_NETWORK, nextTry } = readJson(
            `nodes/locales/${language}/runtime.json`,
          ).status;
          const shown = `${simulated} ${SMTP_NETWORK} · 1 ✉ · ${nextTry}`.replace("#", "\\d\\d:\\d\\d");
          const label = editor.page.locator(".red-ui-flow-node-status-label", {
            hasText: new RegExp(`^${shown}$`),
          });
          await label.first().waitFor({ timeout: 30_000 });
          await editor.picture(`${language}-statuses`);
        });

        it("explains an error by its code", async () => {
          const { errors, hints } = readJson(`nodes/locales/${language}/runtime.json`);
          const explained: unknown = await editor.page.evaluate(
            `quectelMail.explain({ code: "SIM_MISSING", message: "No SIM card found: slot 1" })`,
          );
          assert.deepEqual(explained, {
            message: `${errors.SIM_MISSING}: slot 1`,
            hint: hints.SIM_MISSING,
          });
        });

        it("meets no error in the page", () => {
          assert.deepEqual(editor.errors, []);
        });
      });
    }
  });
}
