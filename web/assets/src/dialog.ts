// Native dialogs: opened by [data-opens], closed by [data-closes], Escape or a click beside them. Focus returns by itself.

function open(id: string): HTMLDialogElement | null {
  const dialog = document.getElementById(id);
  if (!(dialog instanceof HTMLDialogElement) || dialog.open) return null;
  dialog.showModal();
  return dialog;
}

export function openDialog(id: string): boolean {
  return open(id) !== null;
}

export function dialogs(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const opener = target.closest<HTMLElement>("[data-opens]");
    if (opener?.dataset.opens) {
      event.preventDefault();
      const dialog = open(opener.dataset.opens);
      const preset = opener.dataset.preset;
      if (dialog && preset) choose(dialog, preset);
      opener.closest("details")?.removeAttribute("open");
      return;
    }
    if (target.closest("[data-closes]")) {
      target.closest("dialog")?.close();
      return;
    }
    if (target instanceof HTMLDialogElement) {
      const box = target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) target.close();
    }
  });
  // A page that comes back with errors in a dialog shows it again as it was.
  const failed = document.querySelector<HTMLDialogElement>("dialog[data-shown]");
  failed?.showModal();
}

// choose sets "name=value" in the dialog's form, so that "Resolve as spoofed" opens with that answer chosen.
function choose(dialog: HTMLDialogElement, preset: string): void {
  const [name, value] = preset.split("=", 2);
  for (const input of dialog.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)) {
    if (input.type === "text" || input.type === "hidden") input.value = value ?? "";
    else if (input.value === value) {
      input.checked = true;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
}

// menus: a <details class="menu"> closes when something else is clicked or Escape is pressed.
export function menus(): void {
  const shut = (except?: Element | null) => {
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => shut((event.target as Element).closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector<HTMLDetailsElement>("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
}
