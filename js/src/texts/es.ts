// Spanish, complete: a file for each of `en/`. `lab` comes with the extension of JupyterLab.
import { actions } from "./es/actions";
import { attach } from "./es/attach";
import { calls } from "./es/calls";
import { composer } from "./es/composer";
import { connection } from "./es/connection";
import { context } from "./es/context";
import { details } from "./es/details";
import { diagram } from "./es/diagram";
import { emoji } from "./es/emoji";
import { finding } from "./es/finding";
import { footnotes } from "./es/footnotes";
import { markdown } from "./es/markdown";
import { maths } from "./es/maths";
import { message } from "./es/message";
import { names } from "./es/names";
import { people } from "./es/people";
import { providers } from "./es/providers";
import { secondWay } from "./es/second-way";
import { sheets } from "./es/sheets";
import { tools } from "./es/tools";
import { transcript } from "./es/transcript";
import { words } from "./es/words";
import { writing } from "./es/writing";
import type { Catalogue } from "./texts";

export const catalogue: Catalogue = {
  ...actions,
  ...calls,
  ...attach,
  ...composer,
  ...connection,
  ...context,
  ...details,
  ...diagram,
  ...emoji,
  ...finding,
  ...footnotes,
  ...markdown,
  ...maths,
  ...message,
  ...names,
  ...people,
  ...providers,
  ...secondWay,
  ...sheets,
  ...tools,
  ...transcript,
  ...words,
  ...writing,
};
