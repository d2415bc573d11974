// Bundles the browser parts (the widget, the hub's dashboard) and keeps each within its size budget.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const WIDGET_BUDGET_BYTES = 56_000;
const DASHBOARD_BUDGET_BYTES = 36_000;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, "..", "conduit_widget", "static");
const bundled = ["preact", "@preact/signals", "@preact/signals-core", "marked", "uplot"];

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

const options = {
  absWorkingDir: root,
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
};

/** Bundle one entry; returns the file the browser gets. */
async function bundle(entry, name) {
  const { outputFiles } = await build({ ...options, entryPoints: [entry] });
  return { name, contents: Buffer.from(outputFiles[0].contents) };
}

const widget = () => Promise.all([bundle("src/widget.ts", "widget.js")]);

const dashboard = () =>
  Promise.all([
    bundle("src/dashboard/main.ts", "dashboard.js"),
    bundle("src/dashboard/dashboard.css", "dashboard.css"),
    readFile(join(root, "src", "dashboard", "dashboard.html")).then((contents) => ({
      name: "dashboard.html",
      contents,
    })),
  ]);

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
  return `widget.js and dashboard.js contain these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/** Whether the files together, each compressed, keep to a budget; says so either way. */
function fits(name, files, budget) {
  const size = files.reduce((sum, { contents }) => sum + contents.length, 0);
  const gzipped = files.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  console.log(`${name} ${kb(size)}, gzip ${kb(gzipped)} of ${kb(budget)}`);
  if (gzipped > budget)
    console.error(`${name} is over its size budget: leave something out or load it later.`);
  return gzipped <= budget;
}

const [widgetFiles, dashboardFiles] = await Promise.all([widget(), dashboard()]);
const kept = [
  fits("widget.js", widgetFiles, WIDGET_BUDGET_BYTES),
  fits("dashboard (page, style, script)", dashboardFiles, DASHBOARD_BUDGET_BYTES),
];
if (kept.includes(false)) process.exit(1);
await mkdir(target, { recursive: true });
for (const { name, contents } of [...widgetFiles, ...dashboardFiles])
  await writeFile(join(target, name), contents);
await writeFile(join(target, "THIRD_PARTY_LICENSES.txt"), await licences());
