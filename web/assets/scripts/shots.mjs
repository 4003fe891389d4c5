// Looks at pages: serves a folder of drawn pages under the policy that the server sends, takes a screenshot of each at several
// widths in light and dark, and runs axe. Makes the pages first:
//   ABUSEDESK_PAGES_DIR=/tmp/pages go test ./web -run TestEveryPage -count=1 && npm run shots -- /tmp/pages ../../screenshots
import { createServer } from "node:http";
import { mkdir, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { AxeBuilder } from "@axe-core/playwright";

const here = path.dirname(fileURLToPath(import.meta.url));
const built = path.join(here, "..", "..", "static");
const [pages, out, only] = process.argv.slice(2);
if (!pages || !out) {
  console.error("usage: npm run shots -- PAGES_FOLDER SCREENSHOT_FOLDER [NAME,NAME]");
  process.exit(2);
}
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const types = { ".css": "text/css", ".js": "text/javascript", ".html": "text/html; charset=utf-8" };

const server = createServer(async (request, response) => {
  const name = decodeURIComponent(new URL(request.url, "http://x").pathname);
  const file = name.startsWith("/assets/") ? path.join(built, path.basename(name)) : path.join(pages, path.basename(name));
  try {
    const body = await readFile(file);
    response.writeHead(200, { "content-type": types[path.extname(file)] ?? "text/plain", "content-security-policy": policy });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const base = `http://127.0.0.1:${server.address().port}`;
await mkdir(out, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const fragments = new Set(["new-work", "new-work-none", "case-preview", "blast", "blast-none", "blast-problem"]);
const names = (await readdir(pages))
  .filter((f) => f.endsWith(".html"))
  .map((f) => f.slice(0, -5))
  .filter((n) => !fragments.has(n) && (!only || only.split(",").includes(n)));
let problems = 0;
const complain = (where, what) => {
  problems++;
  console.log(`${where}: ${what}`);
};

// Everything is checked by axe once wide and once on a phone, in the dark its contrast; the narrow pass only looks for sideways scrolling.
const passes = [
  { label: "wide", width: 1440, height: 900, scheme: "light", axe: "all" },
  { label: "wide", width: 1440, height: 900, scheme: "dark", axe: "contrast" },
  { label: "phone", width: 390, height: 844, scheme: "light", axe: "all" },
  { label: "phone", width: 390, height: 844, scheme: "dark", axe: "none" },
  { label: "narrow", width: 360, height: 640, scheme: "light", axe: "none" },
  { label: "middle", width: 1024, height: 768, scheme: "light", axe: "none" },
  { label: "4k", width: 3840, height: 2160, scheme: "light", axe: "none" },
];

for (const { label, width, height, scheme, axe } of passes) {
  const phone = width < 900;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, hasTouch: phone, isMobile: phone, reducedMotion: "reduce" });
  const page = await context.newPage();
  let where = "";
  page.on("console", (m) => m.type() === "error" && !m.text().includes("404") && complain(where, m.text()));
  page.on("pageerror", (e) => complain(where, e.message));
  for (const name of names) {
    where = `${name} ${label} ${scheme}`;
    await page.goto(`${base}/${name}.html`, { waitUntil: "load" });
    await page
      .waitForFunction(() => ![...document.querySelectorAll("[data-chart] .plot")].some((p) => p.clientWidth > 0 && !p.querySelector("canvas")), null, { timeout: 15000 })
      .catch(() => complain(where, "a chart was not drawn"));
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) complain(where, `scrolls sideways by ${over} px`);
    await page.screenshot({ path: path.join(out, `${name}-${label}-${scheme}.png`), fullPage: phone });
    if (axe === "none") continue;
    const builder = new AxeBuilder({ page });
    const { violations } = await (axe === "all" ? builder.withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]) : builder.withRules(["color-contrast"])).analyze();
    for (const v of violations) {
      for (const node of v.nodes.slice(0, 3)) complain(where, `${v.id} ${node.target.join(" ")} ${node.any[0]?.message ?? v.help}`);
    }
  }
  await context.close();
}
await browser.close();
server.close();
console.log(`${names.length} pages, ${problems} problems`);
process.exit(problems ? 1 : 0);
