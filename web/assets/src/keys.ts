// Keyboard of the console. Single letters work unless one is typing or a dialog is open; ? lists them.

import { openDialog } from "./dialog";

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(".rows .row")];
}

function current(): HTMLElement | undefined {
  return rows().find((row) => row.getAttribute("aria-current") === "true");
}

function link(row: HTMLElement | undefined): HTMLAnchorElement | null {
  return row?.querySelector<HTMLAnchorElement>(".row-link") ?? null;
}

// select makes a row the current one; its preview follows (htmx listens to "preview" on the row).
function select(row: HTMLElement | undefined, focus: boolean): void {
  if (!row) return;
  for (const other of rows()) other.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  if (focus) link(row)?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  row.dispatchEvent(new CustomEvent("preview", { bubbles: true }));
}

function step(by: number): void {
  const all = rows();
  if (all.length === 0) return;
  const now = current();
  const at = now ? all.indexOf(now) : by > 0 ? -1 : all.length;
  select(all[Math.min(all.length - 1, Math.max(0, at + by))], true);
}

function pick(row: HTMLElement | undefined): void {
  const box = row?.querySelector<HTMLInputElement>(".row-pick");
  if (!row || !box) return;
  box.checked = !box.checked;
  row.classList.toggle("is-selected", box.checked);
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

function press(selector: string): boolean {
  const scope = document.querySelector<HTMLElement>(".pane") ?? document.body;
  const target = scope.querySelector<HTMLElement>(selector) ?? document.querySelector<HTMLElement>(selector);
  if (!target) return false;
  target.click();
  return true;
}

const letters: Record<string, () => boolean | void> = {
  j: () => step(1),
  k: () => step(-1),
  x: () => pick(current()),
  c: () => press("[data-key='c']"),
  n: () => press("[data-key='n']"),
  r: () => press("[data-key='r']"),
  e: () => press("[data-key='e']"),
  "/": () => {
    const box = document.querySelector<HTMLInputElement>("[data-key='/']");
    box?.focus();
    box?.select();
    return box !== null;
  },
  "?": () => openDialog("keys"),
  Enter: () => {
    const target = link(current());
    if (!target || document.activeElement !== document.body) return false;
    target.click();
    return true;
  },
  u: () => press("[data-key='u']"),
};

export function keys(): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape" && target.matches("input, textarea")) {
      target.blur();
      return;
    }
    if (target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]")) return;
    if (document.querySelector("dialog[open]")) return;
    const act = letters[event.key];
    if (act && act() !== false) event.preventDefault();
  });
  // A click beside the link previews on wide screens and opens elsewhere; the link itself always opens.
  const wide = matchMedia("(width >= 1360px)");
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    const row = target.closest<HTMLElement>(".rows .row");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (target.closest(".row-pick, button")) return;
    const byPointer = event.detail > 0;
    if (wide.matches && byPointer && event.detail < 2 && document.querySelector(".pane")) {
      event.preventDefault();
      select(row, true);
    }
  });
  document.addEventListener("dblclick", (event) => link((event.target as Element).closest<HTMLElement>(".rows .row") ?? undefined)?.click());
}
