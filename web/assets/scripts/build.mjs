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

// Bytes: each sheet before compression, all script together compressed.
const budget = { css: 30 * 1024, js: 60 * 1024 };

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

const css = await build({ ...common, entryPoints: ["css/app.css", "css/public.css"] });
const js = await build({
  ...common,
  entryPoints: ["src/app.ts", "src/public.ts", "src/docs.ts"],
  format: "esm",
  splitting: true,
  // htmx carries an eval behind config.allowEval, which src/app.ts switches off and the policy of the pages forbids.
  logOverride: { "direct-eval": "silent" },
});

const manifest = {};
const sizes = { css: 0, js: 0 };
for (const [file, info] of Object.entries({ ...css.metafile.outputs, ...js.metafile.outputs })) {
  const base = path.basename(file);
  const bytes = await readFile(path.join(root, file));
  const packed = gzipSync(bytes, { level: 9 }).length;
  if (base.endsWith(".css")) sizes.css = Math.max(sizes.css, bytes.length);
  else sizes.js += packed;
  if (info.entryPoint) {
    const logical = path.basename(info.entryPoint).replace(/\.ts$/, ".js");
    manifest[logical] = base;
  }
  console.log(`${base.padEnd(28)} ${String(bytes.length).padStart(7)} B  ${String(packed).padStart(6)} B gzip`);
}
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
