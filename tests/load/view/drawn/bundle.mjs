// Bundles one way of drawing a growing text: `show(text)` on the page. CONDUIT_TEST: {source, target, modules, jsx}.
import { createRequire } from "node:module";

const { source, target, modules, jsx } = JSON.parse(process.env.CONDUIT_TEST);
const { build } = createRequire(new URL("../../../../js/package.json", import.meta.url))("esbuild");
await build({
  entryPoints: [source],
  outfile: target,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: jsx,
  nodePaths: modules,
  define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
  loader: { ".svg": "text" },
  logLevel: "error",
});
