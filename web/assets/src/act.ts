// The button of a dialog says the act in full, in step with what is chosen: "Refuse calls from +1 202 555 0143 for 24 hours".
// Its sentence is a pattern in data-act with {field} places; a choice gives its words in data-words, which may have places too.

function words(form: HTMLFormElement, name: string): string {
  const field = form.elements.namedItem(name);
  if (field instanceof RadioNodeList) {
    for (const node of field) {
      if (node instanceof HTMLInputElement && node.checked) return node.dataset.words ?? node.value;
    }
    return "";
  }
  if (field instanceof HTMLSelectElement) {
    const option = field.selectedOptions[0];
    return option?.dataset.words ?? option?.text ?? "";
  }
  return field instanceof HTMLInputElement ? (field.dataset.words ?? field.value) : "";
}

function tell(form: HTMLFormElement): void {
  const button = form.querySelector<HTMLElement>("[data-act]");
  if (!button) return;
  button.dataset.plain ??= button.textContent ?? "";
  let whole = true;
  // Twice, since the words of a choice may themselves have a place: "Allow at most {value} calls at a time".
  const fill = (pattern: string) => pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
      const said = words(form, name);
      whole &&= said !== "";
      return said;
    });
  const text = fill(fill(button.dataset.act ?? "")).replace(/\s+/g, " ").trim();
  button.textContent = whole ? text : button.dataset.plain;
  // Fields that only one choice needs: data-when="kind=channels".
  for (const part of form.querySelectorAll<HTMLElement>("[data-when]")) {
    const [name, values] = (part.dataset.when ?? "").split("=", 2);
    const chosen = new FormData(form).get(name ?? "");
    part.hidden = !(values ?? "").split("|").includes(String(chosen));
  }
}

export function acts(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form:has([data-act])")) {
    tell(form);
    form.addEventListener("input", () => tell(form));
    form.addEventListener("change", () => tell(form));
  }
  // A form that has been sent is not sent twice by an impatient second click.
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (form.method === "post" && !form.hasAttribute("hx-post")) form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) delete form.dataset.sent;
  });
}
