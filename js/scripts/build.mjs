// Bundles the browser parts that entries.json names (the widgets, their lazy chunks, the hub's dashboard, the extension of
// JupyterLab and Notebook), each within its size budget.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { chunkText, packed } from "./chunk.mjs";
import { emojiData } from "./emoji-data.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, "..", "conduit_widget");
const STATIC = "static";
/**
 * Name → the files the browser gets, each with its source, their folder in the package unless it is `static`, and their
 * size in bytes when compressed. `format` is `esm` unless the page loads them as classic scripts.
 */
const entries = JSON.parse(await readFile(join(root, "entries.json"), "utf8"));
const bundled = [
  ...["preact", "@preact/signals", "@preact/signals-core", "marked", "uplot"],
  ...["highlight.js", "lowlight", "devlop", "temml", "emojibase-data", "@mermaid-js/tiny", "diff", "idb"],
  ...["livekit-client", "@livekit/protocol", "@livekit/mutex", "@bufbuild/protobuf", "events", "jose"],
  ...["loglevel", "sdp-transform", "sdp", "webrtc-adapter", "machina", "typed-emitter", "tslib"],
];

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

/** `import text from "x.js?raw"` gives a file of a package as text: what runs elsewhere than in the page. */
const rawText = {
  name: "raw-text",
  setup(context) {
    context.onResolve({ filter: /\?raw$/ }, async ({ path, kind, resolveDir }) => {
      const { path: found, errors } = await context.resolve(path.replace(/\?raw$/, ""), { kind, resolveDir });
      return errors.length > 0 ? { errors } : { path: found, namespace: "raw-text" };
    });
    context.onLoad({ filter: /.*/, namespace: "raw-text" }, async ({ path }) => ({
      contents: await readFile(path, "utf8"),
      loader: "text",
    }));
  },
};

/**
 * Leaves out of `marked` the half that makes HTML (its only instance, made when the module is loaded, needs all of it), and
 * the readings of Markdown other than the lexer's own: `gfm` with `breaks`.
 */
const onlyLexer = {
  name: "only-lexer",
  setup(context) {
    context.onLoad({ filter: /marked\.esm\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const instance = /var (\w+)=new \w+;function \w+\(\w+,\w+\)\{return \1\.parse\(.*?(?=export\{)/s;
      const [, names] = /export\{(.*?)\};/s.exec(source) ?? [];
      const kept = names
        ?.split(",")
        .filter((name) => / as (?:Hooks|Lexer|Tokenizer|getDefaults)$/.test(name));
      const others = [...source.matchAll(/,pedantic:(\w+)\}/g)].map(
        ([, rules]) => new RegExp(`,${rules}=\\{.*?\\.getRegex\\(\\)\\}`, "s"),
      );
      if (
        !instance.test(source) ||
        kept?.length !== 4 ||
        others.filter((rules) => rules.test(source)).length !== 2
      )
        return {
          errors: [{ text: "This version of marked is put together in another way: see onlyLexer." }],
        };
      const lexer = others
        .reduce(
          (rest, rules) => rest.replace(rules, ""),
          source.replace(instance, "").replace(/export\{.*/s, ""),
        )
        .replaceAll(/,pedantic:\w+\}/g, "}")
        .replaceAll("this.options.pedantic", "!1")
        .replaceAll(/this\.options\.(?:gfm|breaks)/g, "!0");
      return { contents: `${lexer}export{${kept}};` };
    });
  },
};

/** What the page of a call fetches later shares the signals of its script. */
const ofCallPage = {
  name: "of-call-page",
  setup(context) {
    context.onResolve({ filter: /^@preact\/signals$/ }, () => ({ path: "./call.js", external: true }));
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
  plugins: [inlineCss, rawText, onlyLexer, emojiData],
  logLevel: "warning",
};

/** Makes one file; what is neither a script nor a style is taken as it is. A lazy chunk is compressed at the end. */
async function make(name, source, format) {
  if (name.endsWith(".chunk.gz"))
    return { name, contents: await chunkText(root, source, options), isChunk: true };
  if (![".js", ".css"].includes(extname(name))) return { name, contents: await readFile(join(root, source)) };
  const plugins = name === "call-livekit.js" ? [...options.plugins, ofCallPage] : options.plugins;
  const { outputFiles } = await build({
    ...options,
    ...(format && { format }),
    plugins,
    entryPoints: [source],
  });
  return { name, contents: outputFiles[0].text };
}

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
  return `The scripts beside this file contain these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

const bundle = async ([name, { folder = STATIC, format, files }]) => [
  name,
  await Promise.all(
    Object.entries(files).map(async ([file, source]) => ({ folder, ...(await make(file, source, format)) })),
  ),
];

/** Names the build in each script, so that the parts of two builds never mix. */
function named(made) {
  const hash = createHash("sha256");
  for (const [, files] of made) for (const { contents } of files) hash.update(contents);
  const build = hash.digest("hex").slice(0, 16);
  return ({ contents, ...file }) => {
    if (typeof contents !== "string") return { ...file, contents };
    const text = contents.replaceAll("%conduit-build%", build);
    return { ...file, contents: file.isChunk ? packed(text) : Buffer.from(text) };
  };
}

/** Says how large the files of an entry are, each compressed; returns whether that is within its budget. */
function fits(name, files) {
  const { gzip: budget } = entries[name];
  const size = files.reduce((sum, { contents }) => sum + contents.length, 0);
  const gzipped = files.reduce(
    (sum, { contents, isChunk }) => sum + (isChunk ? contents : gzipSync(contents, { level: 9 })).length,
    0,
  );
  console.log(`${name} ${kb(size)}, gzip ${kb(gzipped)} of ${kb(budget)}`);
  if (gzipped > budget)
    console.error(`${name} is over its size budget: leave something out or load it later.`);
  return gzipped <= budget;
}

const made = await Promise.all(Object.entries(entries).map(bundle));
const withBuild = named(made);
const finished = made.map(([name, files]) => [name, files.map(withBuild)]);
// All sizes are said, then the build fails.
if (finished.filter(([name, files]) => !fits(name, files)).length > 0) process.exit(1);
const files = [
  ...finished.flatMap(([, files]) => files),
  { folder: STATIC, name: "THIRD_PARTY_LICENSES.txt", contents: await licences() },
];
const paths = new Set(files.map(({ folder, name }) => join(target, folder, name)));
for (const { folder, name, contents } of files) {
  const path = join(target, folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}
// A file that no entry names any more would be shipped for ever.
for (const folder of new Set(files.map(({ folder }) => join(target, folder))))
  for (const found of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(found.parentPath ?? found.path, found.name);
    if (!found.isDirectory() && !paths.has(path)) await rm(path);
  }
