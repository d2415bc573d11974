// German, complete: a file for each of `en/`. `lab` comes with the extension of JupyterLab.
import { actions } from "./de/actions";
import { attach } from "./de/attach";
import { calls } from "./de/calls";
import { composer } from "./de/composer";
import { connection } from "./de/connection";
import { context } from "./de/context";
import { details } from "./de/details";
import { diagram } from "./de/diagram";
import { emoji } from "./de/emoji";
import { finding } from "./de/finding";
import { footnotes } from "./de/footnotes";
import { markdown } from "./de/markdown";
import { maths } from "./de/maths";
import { message } from "./de/message";
import { names } from "./de/names";
import { people } from "./de/people";
import { providers } from "./de/providers";
import { secondWay } from "./de/second-way";
import { sheets } from "./de/sheets";
import { tools } from "./de/tools";
import { transcript } from "./de/transcript";
import { words } from "./de/words";
import { writing } from "./de/writing";
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
