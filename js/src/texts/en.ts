// English, complete. Each part of the product has a file of its own. `chatTexts` come with the chat's first picture,
// `widgetTexts` with every small widget; a chunk brings its own and adds them with `addTexts` when it is loaded. What the
// extension of JupyterLab says besides is in its own script, in all languages.
import type { actions } from "./en/actions";
import type { attach } from "./en/attach";
import type { calls } from "./en/calls";
import type { capture } from "./en/capture";
import type { chatTexts } from "./en/chat";
import type { connection } from "./en/connection";
import type { context } from "./en/context";
import type { details } from "./en/details";
import type { diagram } from "./en/diagram";
import type { emoji } from "./en/emoji";
import type { finding } from "./en/finding";
import type { footnotes } from "./en/footnotes";
import type { health } from "./en/health";
import type { lab } from "./en/lab";
import type { maths } from "./en/maths";
import type { names } from "./en/names";
import type { people } from "./en/people";
import type { providers } from "./en/providers";
import type { queue } from "./en/queue";
import type { secondWay } from "./en/second-way";
import type { sheets } from "./en/sheets";
import type { told } from "./en/told";
import type { tools } from "./en/tools";
import type { voice } from "./en/voice";
import type { waiting } from "./en/waiting";
import type { writing } from "./en/writing";

type Chunks = typeof actions &
  typeof calls &
  typeof capture &
  typeof context &
  typeof attach &
  typeof details &
  typeof diagram &
  typeof emoji &
  typeof finding &
  typeof footnotes &
  typeof lab &
  typeof maths &
  typeof names &
  typeof people &
  typeof queue &
  typeof secondWay &
  typeof sheets &
  typeof tools &
  typeof voice &
  typeof writing;

/** Texts that are their own keys. */
type Said<All extends readonly string[]> = { readonly [K in All[number]]: K };

export type English = typeof chatTexts &
  Chunks &
  Said<typeof connection> &
  Said<typeof providers> &
  Said<typeof health> &
  Said<typeof told> &
  Said<typeof waiting>;
