// Bundles a lazy chunk: what `src/lazy/read-chunk.ts` reads.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const KIT = "src/lazy/kit.ts";
const IMPORT = /^import (?:\* as \w+|\{([^}]*)\}) from "(.+)";$/gm;
/** How a bundled chunk uses a module of the kit: `var a=require("preact")`, then `a.h`. */
const REQUIRED = /([\w$]+)=(?:[\w$]+\()?require\("([^"]+)"\)/g;

/** The modules of the kit: name → the names in it, or null for all. */
async function shared(root) {
  const source = await readFile(join(root, KIT), "utf8");
  return new Map(
    [...source.matchAll(IMPORT)].map(([, names, module]) => [
      module,
      names ? new Set([...names.split(",").map((name) => name.trim()), ...IN_JSX]) : null,
    ]),
  );
}

/** `Fragment` is one and the same in both modules that export it. */
const IN_JSX = ["Fragment"];

/** Leaves the modules that the main bundle shares out of a chunk, which asks for them by the name the kit has for them. */
function leftOut(root, modules) {
  return {
    name: "shared-modules",
    setup(context) {
      const found = new Map();
      context.onStart(async () => {
        for (const name of modules.keys()) {
          const from = { kind: "import-statement", resolveDir: join(root, dirname(KIT)), pluginData: "kit" };
          const { path, errors } = await context.resolve(name, from);
          if (errors.length > 0) return { errors };
          found.set(path, name);
        }
      });
      context.onResolve({ filter: /.*/ }, async ({ path, pluginData, kind, resolveDir, importer }) => {
        if (pluginData === "kit" || kind === "entry-point") return undefined;
        const resolved = await context.resolve(path, { kind, resolveDir, importer, pluginData: "kit" });
        const name = found.get(resolved.path);
        return name ? { path: name, external: true } : undefined;
      });
    },
  };
}

/** Throws when a chunk uses a name that the kit does not have: it would be undefined in the browser. */
function check(source, text, modules) {
  for (const [, variable, module] of text.matchAll(REQUIRED)) {
    const names = modules.get(module);
    const uses = text.matchAll(new RegExp(`(?<![\\w$.])${variable.replaceAll("$", "\\$")}\\.([\\w$]+)`, "g"));
    for (const [, name] of names ? uses : [])
      if (!names.has(name))
        throw new Error(`${source} uses ${name} of ${module}, which ${KIT} does not share.`);
  }
}

/** Returns the chunk's module as text. */
export async function chunkText(root, source, options) {
  const modules = await shared(root);
  const settings = {
    ...options,
    entryPoints: [source],
    format: "cjs",
    plugins: [leftOut(root, modules), ...options.plugins],
    banner: { js: "export default(require)=>{var module={exports:{}};" },
    footer: { js: "return module.exports};" },
  };
  const { outputFiles } = await build(settings);
  const [{ text }] = outputFiles;
  // Short names stand for different things in different places; whole ones do not.
  const named = { minify: false, minifySyntax: true, minifyWhitespace: true };
  check(source, (await build({ ...settings, ...named })).outputFiles[0].text, modules);
  return `export const build="%conduit-build%";${text}`;
}

/** Compresses a chunk for its way to the page; the same text always gives the same bytes. */
export function packed(text) {
  return gzipSync(text, { level: 9 });
}
