// Leaves out of the emoji data what no picker shows: half of it.
import { readFile } from "node:fs/promises";

/** Keeps of each emoji itself, its names and its group. */
export const emojiData = {
  name: "emoji-data",
  setup(context) {
    context.onLoad({ filter: /emojibase-data[\\/]en[\\/]compact\.json$/ }, async ({ path }) => {
      const data = JSON.parse(await readFile(path, "utf8"));
      const kept = data
        .filter(({ group }) => group !== undefined)
        .map(({ unicode, label, tags, group }) => ({ unicode, label, tags, group }));
      return { contents: JSON.stringify(kept), loader: "json" };
    });
  },
};
