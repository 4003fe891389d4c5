// Numbers are shown grouped for reading and copied as E.164.

import { toast } from "./toast";

async function put(text: string, copied = "Copied {what}", uncopied = "The browser did not allow copying"): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(copied.replace("{what}", text));
  } catch {
    toast(uncopied);
  }
}

export function copying(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("button[data-copy]");
    if (button?.dataset.copy) void put(button.dataset.copy, button.dataset.copied, button.dataset.uncopied);
  });
  // A selection that is one number, or lies inside one, is copied without its spaces.
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    if (!selection || selection.isCollapsed || !event.clipboardData) return;
    const at = (node: Node | null) => (node instanceof Element ? node : node?.parentElement)?.closest<HTMLElement>("[data-e164]");
    const start = at(selection.anchorNode);
    if (!start || start !== at(selection.focusNode)) return;
    if (selection.toString().trim() !== start.textContent?.trim()) return;
    event.clipboardData.setData("text/plain", start.dataset.e164 ?? "");
    event.preventDefault();
  });
}
