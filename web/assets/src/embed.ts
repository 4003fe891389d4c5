// The one script that a page of the carrier's embeds:
//   <script src="https://abuse.carrier.example/widget.js" data-label="Report a call" async></script>
// It puts a button into the corner, and behind it the form in a frame of the desk's own. Nothing of the page is read, and
// nothing is stored. Its style lives in a shadow tree, as a sheet made by script, which no policy of the page forbids.

const script = document.currentScript as HTMLScriptElement | null;

const style = `
:host { all: initial; }
button { position: fixed; z-index: 2147483000; bottom: 20px; inset-inline-end: 20px; min-height: 44px; padding: 0 18px; border: 0; border-radius: 22px;
  background: #1f4fd8; color: #fff; font: 600 15px/1 system-ui, sans-serif; cursor: pointer; box-shadow: 0 2px 12px rgb(0 0 0 / 25%); }
button:focus-visible { outline: 3px solid #1f4fd8; outline-offset: 3px; }
:host([data-side="left"]) button, :host([data-side="left"]) iframe { inset-inline: 20px auto; }
iframe { position: fixed; z-index: 2147483001; bottom: 20px; inset-inline-end: 20px; width: 400px; height: min(640px, calc(100vh - 40px)); border: 1px solid rgb(127 127 127 / 50%);
  border-radius: 10px; background: Canvas; color-scheme: light dark; box-shadow: 0 8px 40px rgb(0 0 0 / 30%); }
iframe[hidden] { display: none; }
@media (width < 480px) { iframe { inset: 0 !important; width: 100%; height: 100%; border: 0; border-radius: 0; } }
@media (prefers-color-scheme: dark) { button { background: #8fb0ff; color: #10131a; } button:focus-visible { outline-color: #8fb0ff; } }`;

function embed(script: HTMLScriptElement): void {
  const desk = new URL(script.src).origin;
  const language = script.dataset.language || document.documentElement.lang.slice(0, 2);
  const host = document.createElement("abusedesk-widget");
  if (script.dataset.side === "left") host.dataset.side = "left";
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = script.dataset.label || { es: "Denunciar una llamada", fr: "Signaler un appel" }[language] || "Report a call";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-haspopup", "dialog");
  root.append(button);
  document.body.append(host);

  let frame: HTMLIFrameElement | undefined;
  const show = (open: boolean) => {
    if (open && !frame) {
      frame = document.createElement("iframe");
      frame.title = button.textContent ?? "";
      frame.src = `${desk}/widget${language ? `?lang=${encodeURIComponent(language)}` : ""}`;
      frame.addEventListener("load", () => frame?.focus());
      root.append(frame);
    }
    if (!frame) return;
    frame.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    (open ? frame : button).focus();
  };
  button.addEventListener("click", () => show(true));
  addEventListener("message", (event) => {
    if (event.data === "abusedesk:close" && event.source === frame?.contentWindow) show(false);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && frame && !frame.hidden) show(false);
  });
}

if (script) {
  if (document.body) embed(script);
  else addEventListener("DOMContentLoaded", () => embed(script));
}
