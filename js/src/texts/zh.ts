// Chinese (Simplified), complete: a file for each of `en/`. `lab` comes with the extension of JupyterLab.

import type { Catalogue } from "./texts";
import { actions } from "./zh/actions";
import { attach } from "./zh/attach";
import { calls } from "./zh/calls";
import { composer } from "./zh/composer";
import { connection } from "./zh/connection";
import { context } from "./zh/context";
import { details } from "./zh/details";
import { diagram } from "./zh/diagram";
import { emoji } from "./zh/emoji";
import { finding } from "./zh/finding";
import { footnotes } from "./zh/footnotes";
import { markdown } from "./zh/markdown";
import { maths } from "./zh/maths";
import { message } from "./zh/message";
import { names } from "./zh/names";
import { people } from "./zh/people";
import { providers } from "./zh/providers";
import { secondWay } from "./zh/second-way";
import { sheets } from "./zh/sheets";
import { tools } from "./zh/tools";
import { transcript } from "./zh/transcript";
import { words } from "./zh/words";
import { writing } from "./zh/writing";

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
