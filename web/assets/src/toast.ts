// Short word of what just happened. The server writes toasts into the page after a command; this one is for what only the
// browser knows.

const stay = 6000;

function place(): HTMLElement | null {
  return document.querySelector<HTMLElement>(".toast-place");
}

export function toast(text: string): void {
  const parent = place();
  if (!parent) return;
  const box = document.createElement("div");
  box.className = "toast is-neutral";
  box.textContent = text;
  box.dataset.passing = "";
  parent.replaceChildren(...[...parent.children].filter((c) => !(c as HTMLElement).dataset.passing), box);
  setTimeout(() => box.remove(), stay);
}

// dismissing closes a toast by its button; one that offers Undo stays until then.
export function dismissing(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("[data-dismiss]");
    button?.closest(".toast")?.remove();
  });
}
