// The proof of work: ALTCHA's widget, with texts of the page's language and its worker as a file of ours. Where it cannot
// work (no secure context, no worker) the form goes without, and the server asks for a confirmation by mail.

import "altcha/external";

interface Widget extends HTMLElement {
  getState(): string;
  verify(): Promise<unknown>;
}

interface Global {
  algorithms: Map<string, () => Worker>;
  i18n: { set(language: string, words: Record<string, string>): void };
}

// widget puts it into the form. It is undefined where it could not work.
export function widget(form: HTMLFormElement): Widget | undefined {
  const place = form.querySelector<HTMLElement>("[data-proof]");
  const { proof, words, language } = place?.dataset ?? {};
  if (!isSecureContext || !place || !proof || !words || !language) return undefined;
  const altcha = (globalThis as unknown as { $altcha: Global }).$altcha;
  altcha.algorithms.set("SHA-256", () => new Worker(proof));
  altcha.i18n.set(language, JSON.parse(words) as Record<string, string>);
  const made = document.createElement("altcha-widget") as Widget;
  const configuration = { hideFooter: true, hideLogo: true, humanInteractionSignature: false, minDuration: 0 };
  for (const [name, value] of Object.entries({ language, challenge: "/api/v1/challenge", name: "altcha", configuration: JSON.stringify(configuration) })) {
    made.setAttribute(name, value);
  }
  place.replaceChildren(made);
  return made;
}

const running = new WeakMap<Widget, Promise<unknown>>();

// prove ends when there is a proof in the form, or when there will be none.
export async function prove(made: Widget | undefined): Promise<void> {
  if (!made) return;
  await customElements.whenDefined("altcha-widget");
  if (made.getState() === "verified") return;
  let now = running.get(made);
  if (!now) {
    now = made.verify().catch(() => undefined).finally(() => running.delete(made));
    running.set(made, now);
  }
  await now;
}
