// The public form. It works without this file; with it a proof of work stands in for the mail that confirms, files are
// looked at before they are sent and show how far they have come, and what has to be mended keeps them.

import { prove, widget } from "./proof";
import { fits } from "./files";
import { localZone } from "./remember";
import { upload } from "./upload";

// chooseZone fills in the zone that the server could not know yet.
function chooseZone(form: HTMLFormElement): void {
  const zones = form.querySelector<HTMLSelectElement>("select[data-zone]");
  if (!zones || zones.dataset.zone) return;
  const mine = localZone();
  if (![...zones.options].some((option) => option.value === mine)) zones.add(new Option(mine.replaceAll("_", " "), mine));
  zones.value = mine;
}

// answered says whether the browser is content with the fields, and points at the first where it is not. The proof of work
// has a field of its own, which must not hold up a form that goes without.
function answered(form: HTMLFormElement): boolean {
  for (const field of form.elements) {
    if (field.closest("altcha-widget") || !("checkValidity" in field)) continue;
    if (!(field as HTMLInputElement).checkValidity()) return (field as HTMLInputElement).reportValidity();
  }
  return true;
}

function begin(form: HTMLFormElement): void {
  chooseZone(form);
  form.noValidate = true; // answered looks
  const proof = widget(form);
  form.addEventListener("focusin", () => void prove(proof), { once: true });
  const button = form.querySelector<HTMLButtonElement>("button[data-sent]");
  const files = form.querySelector<HTMLInputElement>("input[type=file]");
  files?.addEventListener("change", () => fits(files));
  const word = button?.textContent ?? "";
  let busy = false;
  const rest = () => {
    busy = false;
    if (button) [button.disabled, button.textContent] = [false, word];
  };
  addEventListener("pageshow", rest);
  form.addEventListener("submit", (event) => {
    if ((event.submitter as HTMLButtonElement | null)?.name === "language") return;
    event.preventDefault();
    if (busy || !answered(form) || (files && !fits(files))) return;
    busy = true;
    if (button) [button.disabled, button.textContent] = [true, button.dataset.sent ?? word];
    void prove(proof).then(() => (files?.files?.length ? upload(form, mended, rest) : form.submit()));
  });
}

// mended takes the form over as the server sent it back, and keeps the files.
function mended(page: Document): void {
  const old = document.querySelector("main"), fresh = page.querySelector("main");
  if (!old || !fresh) return location.reload();
  const kept = old.querySelector<HTMLInputElement>("input[type=file]"), empty = fresh.querySelector<HTMLInputElement>("input[type=file]");
  if (kept && empty) {
    const wrong = empty.getAttribute("aria-invalid");
    if (wrong) kept.setAttribute("aria-invalid", wrong);
    else kept.removeAttribute("aria-invalid");
    empty.replaceWith(kept);
    fresh.querySelector("[data-files-again]")?.remove();
  }
  old.replaceWith(fresh);
  start();
  (fresh.querySelector<HTMLElement>("[aria-invalid='true']") ?? fresh.querySelector<HTMLElement>("button[type=submit]"))?.focus();
}

function start(): void {
  const form = document.querySelector<HTMLFormElement>("form#report");
  if (form) begin(form);
}

start();
