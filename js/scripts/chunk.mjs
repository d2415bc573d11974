// Bundles a lazy chunk: what `src/lazy/read-chunk.ts` reads.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const KIT = "src/lazy/kit.ts";
const IMPORT = /^import \* as \w+ from "(.+)";$/gm;

/** Leaves the modules that the main bundle shares out of a chunk, which asks for them by the name the kit has for them. */
function sharedModules(root) {
  return {
    name: "shared-modules",
    setup(context) {
      const shared = new Map();
      context.onStart(async () => {
        const source = await readFile(join(root, KIT), "utf8");
        for (const [, name] of source.matchAll(IMPORT)) {
          const options = {
            kind: "import-statement",
            resolveDir: join(root, dirname(KIT)),
            pluginData: "kit",
          };
          const { path, errors } = await context.resolve(name, options);
          if (errors.length > 0) return { errors };
          shared.set(path, name);
        }
      });
      context.onResolve({ filter: /.*/ }, async ({ path, pluginData, kind, ...from }) => {
        if (pluginData === "kit" || kind === "entry-point") return undefined;
        const options = { kind, pluginData: "kit", resolveDir: from.resolveDir, importer: from.importer };
        const found = await context.resolve(path, options);
        const name = shared.get(found.path);
        return name ? { path: name, external: true } : undefined;
      });
    },
  };
}

/** Returns the chunk's module as text. */
export async function chunkText(root, source, options) {
  const { outputFiles } = await build({
    ...options,
    entryPoints: [source],
    format: "cjs",
    plugins: [sharedModules(root), ...options.plugins],
    banner: { js: "export default(require)=>{var module={exports:{}};" },
    footer: { js: "return module.exports};" },
  });
  return `export const build="%conduit-build%";${outputFiles[0].text}`;
}

/** Compresses a chunk for its way to the page; the same text always gives the same bytes. */
export function packed(text) {
  return gzipSync(text, { level: 9 });
}
