// The languages of a small widget: the chat's own chunks, without what other chunks share with a main bundle.
import type { Catalogues } from "../texts/speaking";
import type { Catalogue } from "../texts/texts";
import type { AskForChunk } from "./chunks";
import { oncePerPage } from "./page-cache";
import { BUILD, readChunk } from "./read-chunk";

/** Fetches the texts of a language once a page and build, however many widgets speak it. */
export function createCatalogues(ask: AskForChunk): Catalogues {
  return {
    async load(name) {
      const factory = await oncePerPage(`${BUILD}/${name}`, async () => readChunk(await ask(name)));
      return factory(() => ({})) as { catalogue: Catalogue };
    },
  };
}
