// A page that stands in the widget is closed by its button or Escape: the page around it takes it away.
export function leaving(): void {
  const close = document.querySelector<HTMLButtonElement>("[data-close]");
  if (!close || parent === window) return;
  const leave = () => parent.postMessage("abusedesk:close", "*");
  close.hidden = false;
  close.addEventListener("click", leave);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
  });
}
