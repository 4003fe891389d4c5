// The widget on a page of somebody else's, which has a strict policy: the real program, a real browser, two origins. Run by
// `make test-browser`.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { launch, startDesk, until } from "./desk.mjs";

let desk, browser, host, site;

before(async () => {
  host = createServer((request, response) => {
    const policy = `default-src 'none'; script-src ${desk.base}; frame-src ${desk.base}`;
    const language = new URL(request.url, "http://host").searchParams.get("lang") ?? "en";
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy });
    response.end(`<!doctype html><html lang="${language}"><head><title>A carrier</title><meta name="viewport" content="width=device-width"></head><body><main><h1>A carrier</h1><a href="#x">A link</a></main>
      <script src="${desk.base}/widget.js" async></script></body></html>`);
  });
  await new Promise((ready) => host.listen(0, "127.0.0.1", ready));
  site = `http://localhost:${host.address().port}`; // another site than 127.0.0.1
  [desk, browser] = await Promise.all([startDesk({ WIDGET_ORIGINS: `https://www.carrier.example ${site}` }), launch()]);
});
after(async () => {
  await browser?.close();
  await desk?.close();
  host?.close();
});

async function open(t, options = {}, query = "") {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: "en-US", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  page.on("pageerror", (fault) => faults.push(String(fault)));
  page.on("console", (line) => line.type() === "error" && !/status of 4\d\d/.test(line.text()) && faults.push(line.text()));
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, []);
  });
  await page.goto(site + "/" + query);
  await page.locator("abusedesk-widget button").waitFor();
  return { page, frame: page.frameLocator("abusedesk-widget iframe") };
}

// sound is what axe says of the page and of the frame in it.
async function sound(page, where) {
  const found = await new AxeBuilder({ page }).exclude("option").analyze();
  assert.deepEqual(found.violations.map((v) => `${where}: ${v.id} ${v.nodes.map((n) => n.html).join(" ")}`), []);
}

const current = (frame) => frame.locator(".steering [data-count]:not([hidden])");
const onward = (frame) => frame.locator("[data-next]").click();

test("by keyboard alone, on a phone, in Spanish, in the dark, to the status page", async (t) => {
  const { page, frame } = await open(t, { colorScheme: "dark" }, "?lang=es");
  const key = (k) => page.keyboard.press(k);
  await key("Tab");
  await key("Tab");
  await key("Enter");
  await frame.locator(".one-by-one").waitFor();
  assert.equal(await frame.locator("html").getAttribute("lang"), "es");
  await until("the focus on the first choice", () => frame.locator("body").evaluate(() => document.hasFocus() && document.activeElement?.getAttribute("name") === "category"));
  await key("Space");
  await key("Enter");
  await frame.locator(".now input[name=caller_number]").waitFor();
  await page.keyboard.type("12");
  await key("Enter");
  await sound(page, "a question");
  for (let step; (step = await current(frame).textContent()) && !(await frame.locator(".last.now").count()); ) {
    if (await frame.locator(".now textarea").count()) await page.keyboard.type("Una voz grabada.");
    await frame.locator("[data-next]").focus();
    await key("Enter");
    await until("the next question", async () => (await current(frame).textContent()) !== step);
  }
  assert.match(await frame.locator("ol.said").innerText(), /Una voz grabada\./);
  await sound(page, "the end of the questions");
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), "ABUSEDESK-WIDGET");
  await key("Enter");
  // What the server finds wrong comes back beside its question, in the language, and nothing is lost.
  await frame.locator(".now .error", { hasText: "demasiado corto" }).waitFor();
  await frame.locator(".now input[name=caller_number]").fill("+1 202 555 0143");
  while (!(await frame.locator(".last.now").count())) await onward(frame);
  assert.match(await frame.locator("ol.said").innerText(), /Una voz grabada\./);
  await onward(frame);
  await frame.locator(".refbox .ref", { hasText: /AB-\d{4}-\d{6}/ }).waitFor();
  assert.equal(await frame.locator("html").getAttribute("lang"), "es");
  await sound(page, "the status page");
  const [report] = await desk.reports("chat");
  assert.equal(report.numbers[0].e164, "+12025550143");
  assert.equal(report.text, "Una voz grabada.");
  await frame.locator("[name=details]").fill("Llamaron otra vez.");
  await frame.locator("form.stack button[type=submit]").click();
  await frame.locator("main [role=status]").waitFor();
  await key("Escape");
  await page.locator("abusedesk-widget iframe").waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.tagName), "BUTTON");
});

test("by hand, on a desktop: back, a file, and only what the category needs", async (t) => {
  const { page, frame } = await open(t, { viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  await sound(page, "the page around it");
  await page.locator("abusedesk-widget button").click();
  await frame.locator(".one-by-one").waitFor();
  await sound(page, "the first question");
  await frame.locator("label.choice:has([value=account_takeover])").click();
  await frame.locator(".now input[name=caller_number]").waitFor();
  await frame.locator("[data-back]").click();
  await frame.locator("fieldset.now").waitFor();
  await frame.locator("label.choice:has([value=spoofed_my_number])").click();
  const asked = [];
  while (!(await frame.locator(".last.now").count())) {
    const fields = await frame.locator(".now :is(input, select, textarea):not([type=hidden])").evaluateAll((all) => all.map((f) => f.name));
    asked.push(...fields);
    if (fields.includes("files")) await frame.locator(".now [type=file]").setInputFiles({ name: "shot.png", mimeType: "image/png", buffer: Buffer.from("\x89PNG\r\n\x1a\n") });
    if (fields.includes("caller_number")) await frame.locator(".now [name=caller_number]").fill("202 555 0199");
    await onward(frame);
  }
  assert.deepEqual(asked, ["caller_country", "caller_number", "occurred_at", "zone", "description", "files", "reporter_email", "reporter_name"]);
  assert.match(await frame.locator("ol.said").innerText(), /shot\.png/);
  await sound(page, "wide and light");
  await onward(frame);
  await frame.locator(".refbox .ref", { hasText: /AB-/ }).waitFor();
  const [report] = await desk.reports("chat");
  assert.equal(report.category, "spoofed_my_number");
  await frame.locator("[data-close]").click();
  await page.locator("abusedesk-widget iframe").waitFor({ state: "hidden" });
});

test("only the pages that the operator names may hold it", async () => {
  const policy = async (path) => (await fetch(desk.base + path)).headers.get("content-security-policy");
  assert.match(await policy("/widget"), new RegExp(`frame-ancestors 'self' https://www\\.carrier\\.example ${site.replaceAll(".", "\\.")}(;|$)`));
  for (const path of ["/", "/desk/sign-in", "/reports/00000000000000000000000000000000"]) assert.match(await policy(path), /frame-ancestors 'none'/);
  const script = await fetch(desk.base + "/widget.js");
  assert.equal(script.headers.get("cross-origin-resource-policy"), "cross-origin");
  assert.equal((await fetch(desk.base + "/widget.js", { headers: { "if-none-match": script.headers.get("etag") } })).status, 304);
});
