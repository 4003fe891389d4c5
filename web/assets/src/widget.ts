// The form with one question at a time, as a conversation. It is the form of the public page: without this file it stands
// there whole, and what the server finds wrong comes back beside the question.

import { fits } from "./files";
import { leaving } from "./leave";
import { localZone } from "./remember";
import { solved } from "./solve";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const main = document.querySelector<HTMLElement>("main");
const form = document.querySelector<HTMLFormElement>("form#report");
const said = document.querySelector<HTMLOListElement>("ol.said");
const steering = document.querySelector<HTMLElement>(".steering");
const back = document.querySelector<HTMLButtonElement>("[data-back]");
const next = document.querySelector<HTMLButtonElement>("[data-next]");

// controls are what can be answered in a step.
function controls(step: Element): Control[] {
  return [...step.querySelectorAll<Control>("input:not([type=hidden]), select, textarea")];
}

// asked says whether the chosen category needs a step.
function asked(step: Element): boolean {
  for (let e = step.parentElement; e && e !== form; e = e.parentElement) {
    if (e.classList.contains("ask") && getComputedStyle(e).display === "none") return false;
  }
  return true;
}

// question is what a step asks, as it stands there.
function question(step: Element): string {
  return (step.querySelector<HTMLElement>(":scope > legend, :scope > label, .field > label")?.innerText ?? "").trim();
}

function answer(step: Element, none: string): string {
  const parts: string[] = [];
  for (const c of controls(step)) {
    if (c instanceof HTMLSelectElement) {
      if (c.value && !c.classList.contains("country")) parts.push(c.selectedOptions[0]?.text ?? "");
    } else if (c.type === "radio") {
      if ((c as HTMLInputElement).checked) parts.push((c.closest("label")?.innerText ?? "").trim());
    } else if (c.type === "file") {
      for (const f of (c as HTMLInputElement).files ?? []) parts.push(f.name);
    } else if (c.type === "datetime-local" && c.value) {
      parts.unshift(new Date(c.value).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }));
    } else if (c.value.trim()) {
      parts.push(c.value.trim());
    }
  }
  // A time zone alone is no answer to when it was.
  return step.matches(".pair") && parts.length < 2 ? none : parts.join("\n") || none;
}

function begin(form: HTMLFormElement, said: HTMLElement, steering: HTMLElement, back: HTMLButtonElement, next: HTMLButtonElement): void {
  const last = form.querySelector("button[data-sent]")?.closest(".stack");
  const send = form.querySelector<HTMLButtonElement>("button[data-sent]");
  if (!last || !send) return;
  last.classList.add("last");
  const category = form.querySelector("fieldset");
  if (!category) return;
  const fields = [...form.querySelectorAll(".pair, .field")].filter((e) => !e.parentElement?.closest(".pair") && !category.contains(e));
  const steps: Element[] = [category, ...fields, last];
  const order = () => steps.filter(asked);
  const none = steering.dataset.none ?? "", count = steering.querySelector<HTMLElement>("[data-count]");
  const onward = next.textContent;
  let now: Element = category, busy = false;

  form.noValidate = true;
  form.classList.add("one-by-one");
  const zone = form.querySelector<HTMLSelectElement>("select[data-zone]");
  if (zone && !zone.dataset.zone) {
    const mine = localZone();
    if (![...zone.options].some((o) => o.value === mine)) zone.add(new Option(mine.replaceAll("_", " "), mine));
    zone.value = mine;
  }

  // show goes to a step; what was answered before it stands above.
  function show(step: Element): void {
    now = step;
    for (const s of steps) s.classList.toggle("now", s === step);
    const todo = order(), at = todo.indexOf(step);
    said.hidden = at === 0;
    back.hidden = at === 0;
    if (count) count.textContent = (count.dataset.count ?? "").replace("{n}", String(at + 1)).replace("{of}", String(todo.length));
    next.textContent = step === last ? send?.textContent ?? onward : onward;
    if (count) count.hidden = at === 0;
    point();
    if (at > 0) steering.scrollIntoView({ block: "end" });
  }

  // point puts the cursor where the answer goes.
  function point(): void {
    const all = controls(now);
    const to: HTMLElement | undefined = now === last ? next : all.find((c) => (c as HTMLInputElement).checked || !c.matches("[type=radio], .country")) ?? all[0];
    to?.focus({ preventScroll: true });
  }

  // told puts a question and its answer above those that follow.
  function told(step: Element): void {
    const item = document.createElement("li"), q = document.createElement("span"), a = document.createElement("b");
    [q.textContent, a.textContent] = [question(step), answer(step, none)];
    item.append(q, a);
    said.append(item);
  }

  function forward(): void {
    const first = controls(now).find((c) => !c.checkValidity());
    if (first) return void first.reportValidity();
    const files = now.querySelector<HTMLInputElement>("input[type=file]");
    if (files && !fits(files)) return;
    told(now);
    const todo = order();
    show(todo[todo.indexOf(now) + 1] ?? now);
  }

  const proof = document.createElement("input");
  [proof.type, proof.name] = ["hidden", "altcha"];
  form.append(proof);
  let work = solved();

  async function finish(): Promise<void> {
    busy = next.disabled = true;
    next.textContent = send?.dataset.sent ?? onward;
    const none = () => ({ answer: "", until: 0 }); // then the server asks for an address
    let found = await work.catch(none);
    if (found.answer && found.until < Date.now() + 5000) found = await (work = solved()).catch(none);
    proof.value = found.answer;
    form.submit();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (busy) return;
    if (now === last) void finish();
    else forward();
  });
  back.addEventListener("click", () => {
    const todo = order();
    said.lastElementChild?.remove();
    show(todo[todo.indexOf(now) - 1] ?? now);
  });
  // A choice by hand is an answer; by keyboard one goes through the choices first.
  form.addEventListener("click", (event) => {
    if (event.detail > 0 && (event.target as HTMLInputElement).name === "category") forward();
  });
  // A frame that is given the focus has none of its own at first.
  addEventListener("focus", () => {
    if (document.activeElement === document.body) point();
  });
  addEventListener("pageshow", () => {
    busy = next.disabled = false;
  });

  steering.hidden = false;
  // What has to be mended comes first, behind what was answered before it.
  const todo = order(), wrong = todo.find((s) => s.querySelector("[aria-invalid='true'], .error")) ?? todo[0];
  for (const s of todo.slice(0, todo.indexOf(wrong as Element))) {
    s.classList.add("now");
    told(s);
    s.classList.remove("now");
  }
  if (wrong) show(wrong);
}

if (main && form && said && steering && back && next) begin(form, said, steering, back, next);

leaving();
