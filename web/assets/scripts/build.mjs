// Bundles css/app.css and src/*.ts into ../static under content-hashed names and writes manifest.json, which the Go
// server reads at start. Fails when a bundle outgrows its budget, so that weight is noticed where it is added.
import { createHash } from "node:crypto";
import { build } from "esbuild";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const out = path.join(root, "..", "static");

// Bytes: each sheet of ours before compression, and compressed all script that one page loads.
const budget = { css: 30 * 1024, "app.ts": 60 * 1024, "public.ts": 8 * 1024, "form.ts": 40 * 1024, widget: 20 * 1024 };

await mkdir(out, { recursive: true });
for (const name of await readdir(out)) {
  if (name !== "README.md") await rm(path.join(out, name), { recursive: true });
}

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  metafile: true,
  outdir: out,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  target: ["chrome111", "firefox113", "safari16.4"],
  legalComments: "none",
  logLevel: "warning",
};

const css = await build({ ...common, entryPoints: ["css/app.css", "css/public.css", "css/form.css", "css/widget.css", "css/pack.css"] });
const js = await build({
  ...common,
  entryPoints: ["src/app.ts", "src/public.ts", "src/form.ts", "src/widget.ts", "src/docs.ts"],
  format: "esm",
  splitting: true,
  // htmx carries an eval behind config.allowEval, which src/app.ts switches off and the policy of the pages forbids.
  logOverride: { "direct-eval": "silent" },
});

// What the form's proof of work does in the background: a file, because the policy of the page allows no other worker.
const work = await build({ ...common, entryPoints: { work: "altcha/workers/sha" }, format: "iife" });

// What a page of somebody else's embeds: one plain script.
const embed = await build({ ...common, entryPoints: ["src/embed.ts"], format: "iife" });

const manifest = {};
const packedSize = {};
const sizes = { css: 0 };
const outputs = { ...css.metafile.outputs, ...js.metafile.outputs, ...work.metafile.outputs, ...embed.metafile.outputs };
for (const [file, info] of Object.entries(outputs)) {
  const base = path.basename(file);
  const bytes = await readFile(path.join(root, file));
  const packed = gzipSync(bytes, { level: 9 }).length;
  packedSize[file] = packed;
  if (base.endsWith(".css")) sizes.css = Math.max(sizes.css, bytes.length);
  if (info.entryPoint) {
    const logical = work.metafile.outputs[file] ? "work.js" : path.basename(info.entryPoint).replace(/\.ts$/, ".js");
    manifest[logical] = base;
  }
  console.log(`${base.padEnd(28)} ${String(bytes.length).padStart(7)} B  ${String(packed).padStart(6)} B gzip`);
}
// A page loads its entry and everything that this imports, also later. The form is a public page, and its worker is its own.
function loads(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const other of outputs[file].imports) if (outputs[other.path]) loads(other.path, seen);
  return seen;
}
const entry = (name) => Object.keys(outputs).find((file) => outputs[file].entryPoint?.endsWith(name));
const pages = { "app.ts": ["app.ts"], "public.ts": ["public.ts"], "form.ts": ["public.ts", "form.ts", "sha.js"] };
for (const [page, names] of Object.entries(pages)) {
  const files = new Set(names.flatMap((name) => [...loads(entry(name))]));
  sizes[page] = [...files].reduce((sum, file) => sum + packedSize[file], 0);
  console.log(`${page}: ${sizes[page]} of ${budget[page]} B`);
}
// The widget's script tag and all script and style that its page loads, compressed, as it goes over the line.
const parts = [entry("embed.ts"), ...loads(entry("widget.ts")), entry("widget.css")];
sizes.widget = parts.reduce((sum, file) => sum + packedSize[file], 0);
console.log(`widget: ${sizes.widget} of ${budget.widget} B`);
// The page of the API draws with Swagger UI as it is published (Apache 2.0), outside the budget: no other page loads it.
const swagger = path.join(root, "node_modules", "swagger-ui-dist");
for (const [from, logical] of [["swagger-ui.css", "swagger.css"], ["swagger-ui-bundle.js", "swagger.js"], ["LICENSE", "swagger-license.txt"]]) {
  // Its last line points at a source map, which is not served.
  const text = (await readFile(path.join(swagger, from), "utf8")).replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*\s*$/, "\n");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase();
  const { name, ext } = path.parse(logical);
  manifest[logical] = `${name}-${hash}${ext}`;
  await writeFile(path.join(out, manifest[logical]), text);
}
for (const kind of Object.keys(budget)) {
  if (sizes[kind] > budget[kind]) {
    console.error(`${kind} is ${sizes[kind]} bytes, over the budget of ${budget[kind]}`);
    process.exit(1);
  }
}
await writeFile(path.join(out, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
