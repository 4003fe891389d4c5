// The page of the API: Swagger UI, from our own copy, on our own description. It keeps to the reader's theme.

interface SwaggerOptions {
  url: string;
  domNode: HTMLElement;
  deepLinking: boolean;
  validatorUrl: null;
  defaultModelsExpandDepth: number;
}

declare const SwaggerUIBundle: (options: SwaggerOptions) => void;

const dark = matchMedia("(prefers-color-scheme: dark)");

function follow(): void {
  const root = document.documentElement;
  const theme = root.dataset.theme ?? "";
  root.classList.toggle("dark-mode", theme === "dark" || (theme === "" && dark.matches));
}

follow();
dark.addEventListener("change", follow);
document.addEventListener("themechange", follow);

const place = document.querySelector<HTMLElement>("[data-spec]");
if (place?.dataset.spec) {
  place.replaceChildren();
  SwaggerUIBundle({ url: place.dataset.spec, domNode: place, deepLinking: true, validatorUrl: null, defaultModelsExpandDepth: 0 });
}
