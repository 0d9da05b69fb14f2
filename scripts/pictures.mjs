// The pictures of the README, cut out of those that the tests of the editor take: `npm run pictures`, after
// `npx mocha --timeout 120000 "test/system/editor/*.test.ts"`. So they show the version that is released.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TAKEN = join(ROOT, "test/output/editor/4.1-light");
const SHOWN = join(ROOT, "docs/images");
/** By the name that the README has for it: the picture of the tests, and the part of it that is shown, in pixels. */
const PICTURES = {
  "demo-flow": { of: "demo-flow", x: 0, y: 0, width: 1280, height: 900 },
  "modem-test": { of: "modem-test", x: 416, y: 48, width: 543, height: 852 },
  "modem-mail-server": { of: "modem-provider", x: 416, y: 48, width: 543, height: 852 },
  "smtp-send": { of: "smtp-send", x: 403, y: 48, width: 556, height: 852 },
  sidebar: { of: "sidebar-paused", x: 965, y: 48, width: 315, height: 852 },
};

mkdirSync(SHOWN, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
for (const [name, { of, ...clip }] of Object.entries(PICTURES)) {
  const data = readFileSync(join(TAKEN, `${of}.png`), "base64");
  await page.setContent(
    `<style>* { margin: 0 } img { display: block }</style><img src="data:image/png;base64,${data}">`,
  );
  await page.waitForFunction("document.images[0].complete");
  await page.screenshot({ path: join(SHOWN, `${name}.png`), clip });
}
await browser.close();
