// The public form as people use it: the real program, a real browser. Run by `make test-browser`.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { launch, mailServer, startDesk, until } from "./desk.mjs";

const phone = { width: 390, height: 844 };
const reference = /AB-\d{4}-\d{6}/;
let desk, mail, browser;

before(async () => {
  mail = await mailServer();
  [desk, browser] = await Promise.all([startDesk({ SMTP_URL: mail.url, MAIL_FROM: "abuse@carrier.example", REGION: "US" }), launch()]);
});
after(async () => {
  await browser?.close();
  await desk?.close();
  mail?.close();
});

// open is a page of a visitor; what the policy forbids, or a script throws, fails the test.
async function open(t, options = {}, where = "/") {
  const context = await browser.newContext({ viewport: phone, locale: "en-US", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  page.on("pageerror", (fault) => faults.push(String(fault)));
  page.on("console", (line) => line.type() === "error" && !/status of 4\d\d/.test(line.text()) && faults.push(line.text()));
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, []);
  });
  await page.goto(desk.base + where);
  return page;
}

const choose = (page, category) => page.locator(`label.choice:has(input[value="${category}"])`).click();
const send = (page) => page.click("main form#report button[type=submit]");
const atStatus = (page) => page.waitForURL(/\/reports\/[0-9a-f]{32}$/);

// sound is what axe says, and that nothing has to be scrolled sideways.
async function sound(page, where) {
  const found = await new AxeBuilder({ page }).exclude("option").analyze() // seven hundred countries have nothing to find;
  assert.deepEqual(found.violations.map((v) => `${where}: ${v.id} ${v.nodes.map((n) => n.html).join(" ")}`), []);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${where}: wider than the screen`);
}

const words = {
  en: { locale: "en-US", country: "US", title: "Report a call or a text", wrong: "The number is too short; give all of it, with the area code.", checked: "Checked", thanks: "Thank you" },
  es: { locale: "es-ES", country: "ES", title: "Denunciar una llamada o un mensaje", wrong: "El número es demasiado corto; escríbalo entero, con el prefijo.", checked: "Comprobado", thanks: "Gracias" },
  fr: { locale: "fr-CA", country: "CA", title: "Signaler un appel ou un message", wrong: "Le numéro est trop court ; donnez-le en entier, avec l’indicatif.", checked: "Vérifié", thanks: "Merci" },
};

for (const [language, said] of Object.entries(words)) {
  test(`in ${language}, on a phone, seen by axe`, async (t) => {
    // Between them the three see each page in light and in dark.
    const schemes = language === "es" ? ["dark", "light"] : ["light", "dark"];
    const page = await open(t, { locale: said.locale, colorScheme: schemes[0] });
    assert.equal(await page.getAttribute("html", "lang"), language);
    assert.equal(await page.textContent("h1"), said.title);
    assert.equal(await page.inputValue("[name=caller_country]"), said.country);
    await choose(page, "robocall");
    await page.getByText(said.checked, { exact: true }).waitFor();
    await sound(page, `form in ${language}, ${schemes[0]}`);
    await page.fill("[name=caller_number]", "12");
    await page.fill("[name=description]", "It rang & rang.");
    await page.emulateMedia({ colorScheme: schemes[1] });
    await send(page);
    await page.getByText(said.wrong).waitFor();
    assert.equal(await page.inputValue("[name=description]"), "It rang & rang.");
    await sound(page, `mistake in ${language}, ${schemes[1]}`);
    await page.fill("[name=caller_number]", language === "es" ? "912 34 56 78" : "202 555 0143");
    await send(page);
    await atStatus(page);
    assert.match(await page.textContent("h1"), new RegExp(said.thanks));
    assert.match(await page.textContent("main"), reference);
    await sound(page, `status in ${language}, ${schemes[1]}`);
    const [report] = await desk.reports();
    assert.equal(report.numbers[0].e164, language === "es" ? "+34912345678" : "+12025550143");
  });
}

test("the language is switched, and what was typed stays", async (t) => {
  const page = await open(t);
  await choose(page, "scam");
  await page.fill("[name=description]", "Gift cards.");
  await page.locator(".languages").getByText("Español").click();
  await page.getByText("¿Qué dijeron o hicieron?").waitFor();
  assert.equal(await page.inputValue("[name=description]"), "Gift cards.");
  assert.ok(await page.isChecked("[value=scam]"));
  await page.goto(desk.base + "/nothing");
  assert.equal(await page.textContent("h1"), "Aquí no hay nada");
});

test("without script: a mistake, an address, a mail, a button", async (t) => {
  const page = await open(t, { javaScriptEnabled: false });
  await choose(page, "robocall");
  await page.fill("[name=description]", "It said my warranty had run out.");
  await send(page);
  assert.match(await page.textContent("#r-reporter_email-error"), /we need your e-mail address/);
  assert.equal(await page.inputValue("[name=description]"), "It said my warranty had run out.");
  await page.fill("[name=reporter_email]", "jo@example.org");
  const before = (await desk.reports()).length;
  await send(page);
  await atStatus(page);
  const status = page.url();
  assert.match(await page.textContent("h1"), /confirm your report/);
  const letter = await until("the mail", () => mail.mails.find((m) => m.to === "jo@example.org"));
  const link = letter.text.match(/http:\S+\/confirm\/\S+/)[0];
  for (let looks = 0; looks < 2; looks++) assert.equal((await fetch(link)).status, 200); // as scanners of mail do
  assert.equal((await desk.reports()).length, before, "looking at the link filed the report");
  const withScript = await open(t, {}, new URL(link).pathname); // axe needs it
  await sound(withScript, "confirmation");
  await withScript.goto(status);
  await sound(withScript, "status before the confirmation");
  await page.goto(link);
  await page.click("main button[type=submit]");
  assert.equal(page.url(), status);
  assert.match(await page.textContent("main"), reference);
  await page.fill("[name=details]", "They called again.");
  await page.click("main form[action$='/details'] button");
  assert.match(await page.textContent("main"), /Added\./);
  assert.equal((await desk.reports()).length, before + 1);
});

test("with the keyboard alone, from the first tab to the status page", async (t) => {
  const page = await open(t);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("name") ?? document.activeElement?.dataset.sent ?? "");
  const tabTo = async (name) => {
    for (let tabs = 0; tabs < 60; tabs++) {
      if ((await focused()) === name) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`the focus never comes to ${name}`);
  };
  await tabTo("category");
  await page.keyboard.press("Space");
  await tabTo("caller_number");
  await page.keyboard.type("202 555 0143");
  await tabTo("description");
  await page.keyboard.type("A recording.");
  await tabTo("Sending");
  await page.keyboard.press("Enter");
  await atStatus(page);
  assert.match(await page.textContent("main"), reference);
});

test("Enter in a field sends the form and changes no language", async (t) => {
  const page = await open(t);
  await choose(page, "scam");
  await page.fill("[name=caller_number]", "202 555 0143");
  await page.press("[name=caller_number]", "Enter");
  await atStatus(page);
});

test("a double click files once", async (t) => {
  const page = await open(t);
  const before = (await desk.reports()).length;
  await choose(page, "text_spam");
  await page.fill("[name=description]", "A parcel fee, twice.");
  await page.dblclick("main form#report button[type=submit]");
  await atStatus(page);
  assert.equal((await desk.reports()).length, before + 1);
});

test("two sendings of one form at the same moment are one report", async (t) => {
  const page = await open(t);
  const before = (await desk.reports()).length;
  await choose(page, "other");
  await page.fill("[name=description]", "At the same moment.");
  await page.getByText("Checked", { exact: true }).waitFor();
  const ends = await page.evaluate(async () => {
    const body = () => new FormData(document.querySelector("form#report"));
    const answers = await Promise.all([1, 2, 3].map(() => fetch("/reports", { method: "POST", body: body() })));
    return answers.map((answer) => answer.url);
  });
  assert.equal(new Set(ends).size, 1);
  assert.match(ends[0], /\/reports\/[0-9a-f]{32}$/);
  assert.equal((await desk.reports()).length, before + 1);
});

test("files are sent with their progress, kept after a mistake, and looked at first", async (t) => {
  const page = await open(t);
  await choose(page, "robocall");
  const file = (name, size) => ({ name, mimeType: "audio/wav", buffer: Buffer.alloc(size, 7) });
  const sent = [];
  page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
  await page.setInputFiles("#r-files", [file("long.wav", (20 << 20) + 1)]);
  await page.getByText("A file is larger than 20 MB.").waitFor();
  await page.setInputFiles("#r-files", [1, 2, 3, 4, 5, 6].map((n) => file(`${n}.wav`, 10)));
  await page.getByText("At most 5 files.").waitFor();
  await sound(page, "too many files");
  await page.fill("[name=description]", "Listen to it.");
  await send(page);
  assert.deepEqual(sent, [], "what is over the limit was sent");
  await page.setInputFiles("#r-files", [file("call.wav", 3 << 20), { name: "shot.png", mimeType: "image/png", buffer: Buffer.from("PNG") }]);
  await page.fill("[name=caller_number]", "12");
  await send(page);
  await page.getByText("The number is too short").waitFor();
  assert.equal(await page.evaluate(() => document.querySelector("#r-files").files.length), 2, "the files are gone");
  await page.fill("[name=caller_number]", "202 555 0143");
  await page.evaluate(() => {
    window.seen = [];
    const bar = document.querySelector(".sending progress");
    new MutationObserver(() => window.seen.push(bar.value)).observe(bar, { attributes: true });
  });
  const network = await page.context().newCDPSession(page);
  await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 3 << 20 });
  await send(page);
  await page.locator(".sending progress").waitFor({ state: "visible" });
  const seen = await until("progress", () => page.evaluate(() => window.seen.find((value) => value > 0 && value < 100)));
  assert.ok(seen > 0 && seen < 100);
  await atStatus(page);
  assert.match(await page.textContent("main"), reference);
  const [report] = await desk.reports();
  assert.ok(report.messages[0].size > 3 << 20, "the files are not with the report");
});

test("the proof of work comes soon on a slow machine", async (t) => {
  const page = await open(t);
  const cpu = await page.context().newCDPSession(page);
  await cpu.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  const took = await page.evaluate(async () => {
    const widget = document.querySelector("altcha-widget");
    const times = [];
    for (let n = 0; n < 5; n++) {
      const began = performance.now();
      await widget.verify();
      times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b);
  });
  t.diagnostic(`proofs took ${took.map((ms) => Math.round(ms)).join(", ")} ms`);
  assert.ok(took[2] < 5_000, `half of the proofs take longer than ${took[2]} ms`);
});
