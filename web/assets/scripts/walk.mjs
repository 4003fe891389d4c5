// Walks a running demo as people do, in Chromium: sends a form without script, signs in, works on a case by keyboard, and looks at every page
// wide and on a phone, in light and dark, with axe. A screenshot of each goes to the folder, if one is given.
//   node scripts/walk.mjs http://127.0.0.1:8080 analyst@demo.example 'password' [FOLDER]
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { chromium } from "playwright-core";
import { AxeBuilder } from "@axe-core/playwright";

const [base, email, password, out] = process.argv.slice(2);
if (!password) {
  console.error("usage: node scripts/walk.mjs BASE_URL EMAIL PASSWORD [SCREENSHOT_FOLDER]");
  process.exit(2);
}
if (out) await mkdir(out, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
let problems = 0;
const complain = (where, what) => {
  problems++;
  console.log(`${where}: ${what}`);
};
const expect = (where, ok, what) => ok || complain(where, what);

// A person without script makes a mistake, mends it, and is asked to follow a link in a mail.
async function report() {
  const where = "form without script";
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  await page.goto(base + "/");
  await page.locator('label.choice:has(input[value="robocall"])').click();
  await page.fill("[name=caller_number]", "12");
  await page.fill("[name=description]", "It said my warranty had run out.");
  await page.click("main button[type=submit]");
  expect(where, page.url().endsWith("/reports"), `a wrong number led to ${page.url()}`);
  expect(where, (await page.inputValue("[name=description]")).includes("warranty"), "what was typed is gone");
  expect(where, (await page.locator("#r-caller_number-error, .field .error").count()) > 0, "no error beside the field");
  await page.fill("[name=caller_number]", "(312) 555-4961");
  await page.fill("[name=reporter_email]", "walker@example.org");
  await page.click("main button[type=submit]");
  await page.waitForURL(/\/reports\/[0-9a-f]+/);
  const status = page.url();
  expect(where, /confirm your report/.test(await page.textContent("main")), "nobody asks for a confirmation");
  await context.close();
  return status;
}

async function signIn(page) {
  await page.goto(base + "/desk/sign-in");
  await page.fill("[name=email]", email);
  await page.fill("[name=password]", password);
  await page.click("form button[type=submit]");
  await page.waitForURL(/\/desk\/queue/);
}

// An analyst takes the first case with the keyboard alone.
async function keyboard() {
  const where = "keyboard";
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await signIn(page);
  await page.waitForSelector("a[href^='/desk/cases/AB-']");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/desk\/cases\/AB-/);
  const ref = page.url().match(/AB-\d{4}-\d{6}/)[0];
  await page.keyboard.press("c");
  await page.waitForFunction(() => /\byou\b/i.test(document.querySelector("main")?.innerText ?? "") || document.querySelector("form[action$='/release']"), null, { timeout: 15000 })
    .catch(() => complain(where, `${ref} was not claimed by pressing c`));
  const session = await context.storageState();
  await context.close();
  return { ref, session };
}

// Every page that an analyst can reach; ids come from the lists.
async function pages(page, ref, status) {
  const first = async (list, prefix) => {
    await page.goto(base + list);
    return page.evaluate((p) => [...document.querySelectorAll("a")].map((a) => a.getAttribute("href")).find((h) => h?.startsWith(p) && h.length > p.length), prefix);
  };
  const found = {
    form: "/", status: new URL(status).pathname, queue: "/desk/queue", case: "/desk/cases/" + ref, restrictions: "/desk/restrictions",
    reports: "/desk/reports", report: await first("/desk/reports", "/desk/reports/"), numbers: "/desk/numbers", number: await first("/desk/cases/" + ref, "/desk/numbers/"),
    campaigns: "/desk/campaigns", accounts: "/desk/accounts", account: await first("/desk/accounts", "/desk/accounts/"),
    returners: "/desk/returners", returner: await first("/desk/returners", "/desk/accounts/"), providers: "/desk/providers", provider: await first("/desk/providers", "/desk/providers/"), lists: "/desk/lists", sendings: "/desk/sendings", operations: "/desk/operations",
    styleguide: "/desk/styleguide", missing: "/desk/cases/AB-2020-000001", docs: "/api/docs",
  };
  return Object.entries(found).filter(([name, href]) => {
    if (!href) complain(name, "no page of this kind was found");
    return href;
  });
}

const status = await report();
const { ref, session } = await keyboard();
let list; // the same pages in each pass
const passes = [
  { label: "wide", width: 1440, height: 900, scheme: "light", axe: "all" },
  { label: "wide", width: 1440, height: 900, scheme: "dark", axe: "contrast" },
  { label: "phone", width: 390, height: 844, scheme: "light", axe: "all" },
  { label: "narrow", width: 360, height: 640, scheme: "dark", axe: "none" },
];
for (const { label, width, height, scheme, axe } of passes) {
  const phone = width < 900;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, hasTouch: phone, isMobile: phone, reducedMotion: "reduce", storageState: session });
  const page = await context.newPage();
  let where = "";
  page.on("console", (m) => m.type() === "error" && !m.text().includes("404") && complain(where, m.text()));
  page.on("pageerror", (e) => complain(where, e.message));
  list ??= await pages(page, ref, status);
  for (const [name, href] of list) {
    where = `${name} ${label} ${scheme}`;
    await page.goto(base + href, { waitUntil: "load" });
    await page
      .waitForFunction(() => ![...document.querySelectorAll("[data-chart] .plot")].some((p) => p.clientWidth > 0 && !p.querySelector("canvas")), null, { timeout: 15000 })
      .catch(() => complain(where, "a chart was not drawn"));
    if (out) await page.screenshot({ path: path.join(out, `${name}-${label}-${scheme}.png`), fullPage: true });
    if (name === "docs") continue; // another project's page: it is theirs to mend
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) complain(where, `scrolls sideways by ${over} px`);
    if (axe === "none") continue;
    const builder = new AxeBuilder({ page });
    const { violations } = await (axe === "all" ? builder.withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]) : builder.withRules(["color-contrast"])).analyze();
    for (const v of violations) for (const node of v.nodes.slice(0, 3)) complain(where, `${v.id} ${node.target.join(" ")} ${node.any[0]?.message ?? v.help}`);
  }
  await context.close();
}
await browser.close();
console.log(`walked ${ref}; ${problems} problems`);
process.exit(problems ? 1 : 0);
