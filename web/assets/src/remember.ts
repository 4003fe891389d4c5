// What the server needs to know of the reader to draw the next page right the first time: the zone and the theme.

const year = 60 * 60 * 24 * 365;

export function remember(name: string, value: string): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=${year}; SameSite=Lax${secure}`;
}

export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

// rememberZone stores the zone, for times in the reader's own.
export function rememberZone(): void {
  const zone = localZone();
  if (!document.cookie.includes(`zone=${encodeURIComponent(zone)}`)) remember("zone", zone);
}

// themeSwitch makes each [data-theme-switch] go round system, light and dark.
export function themeSwitch(): void {
  const order = ["", "light", "dark"];
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-theme-switch]");
    if (!button) return;
    const root = document.documentElement;
    const next = order[(order.indexOf(root.dataset.theme ?? "") + 1) % order.length] ?? "";
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    remember("theme", next);
    const said = { "": button.getAttribute("data-word-"), light: button.dataset.wordLight, dark: button.dataset.wordDark }[next];
    for (const word of document.querySelectorAll("[data-theme-word]")) word.textContent = said ?? (next || "system");
    document.dispatchEvent(new Event("themechange"));
  });
}
