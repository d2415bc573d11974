// Bundles the browser part into one ESM file and keeps it within its size budget.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const BUDGET_BYTES = 48_000;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, "..", "conduit_widget", "static");
const bundled = ["preact", "@preact/signals", "@preact/signals-core", "marked", "remend"];

/** `import css from "./x.css?inline"` gives the minified text, the way Vite (and so vitest) reads it too. */
const inlineCss = {
  name: "inline-css",
  setup(context) {
    context.onResolve({ filter: /\.css\?inline$/ }, (args) => ({
      path: join(args.resolveDir, args.path.replace(/\?inline$/, "")),
      namespace: "inline-css",
    }));
    context.onLoad({ filter: /.*/, namespace: "inline-css" }, async (args) => {
      const source = await readFile(args.path, "utf8");
      const { code } = await transform(source, { loader: "css", minify: true, target: "es2022" });
      return { contents: code.trim(), loader: "text", watchFiles: [args.path] };
    });
  },
};

async function licences() {
  const texts = await Promise.all(
    bundled.map(async (name) => {
      const folder = join(root, "node_modules", name);
      const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
      const text = await readFile(join(folder, "LICENSE"), "utf8").catch(() =>
        readFile(join(folder, "LICENSE.md"), "utf8").catch(() => `Licence: ${license}\n`),
      );
      return `${name} ${version} (${license})\n\n${text.trim()}\n`;
    }),
  );
  return `widget.js contains these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

const result = await build({
  absWorkingDir: root,
  entryPoints: ["src/widget.ts"],
  bundle: true,
  write: false,
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [inlineCss],
  logLevel: "warning",
});

const [bundle] = result.outputFiles;
const gzipped = gzipSync(bundle.contents, { level: 9 }).length;
const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`widget.js ${kb(bundle.contents.length)}, gzip ${kb(gzipped)} of ${kb(BUDGET_BYTES)}`);
if (gzipped > BUDGET_BYTES) {
  console.error("The bundle is over its size budget: move something into a lazy chunk.");
  process.exit(1);
}
await mkdir(target, { recursive: true });
await writeFile(join(target, "widget.js"), bundle.contents);
await writeFile(join(target, "THIRD_PARTY_LICENSES.txt"), await licences());
