// The columns of a case are tabs on narrow screens. The same links jump to the parts where script is missing.

export function tabs(): void {
  for (const list of document.querySelectorAll<HTMLElement>("[data-tabs]")) {
    const links = [...list.querySelectorAll<HTMLAnchorElement>("a[href^='#']")];
    const panel = (a: HTMLAnchorElement) => document.getElementById(a.hash.slice(1));
    const show = (chosen: HTMLAnchorElement) => {
      for (const a of links) {
        a.setAttribute("aria-current", String(a === chosen));
        if (a !== chosen) a.removeAttribute("aria-current");
        panel(a)?.toggleAttribute("data-active", a === chosen);
      }
    };
    for (const a of links) {
      a.addEventListener("click", (event) => {
        event.preventDefault();
        show(a);
        scrollTo({ top: Math.min(scrollY, list.offsetTop) });
      });
    }
    // A cell of the strip opens the tab in which its evidence is.
    document.addEventListener("click", (event) => {
      const jump = (event.target as Element).closest<HTMLAnchorElement>("a[href^='#']");
      if (!jump || links.includes(jump)) return;
      const goal = document.getElementById(jump.hash.slice(1));
      const owner = links.find((a) => goal && panel(a)?.contains(goal));
      if (owner) show(owner);
    });
  }
}
