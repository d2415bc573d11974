// Chinese (Simplified), complete: a file for each of `en/`. `lab` comes with the extension of JupyterLab.

import type { Catalogue } from "./texts";
import { actions } from "./zh/actions";
import { attach } from "./zh/attach";
import { calls } from "./zh/calls";
import { capture } from "./zh/capture";
import { composer } from "./zh/composer";
import { connection } from "./zh/connection";
import { context } from "./zh/context";
import { details } from "./zh/details";
import { diagram } from "./zh/diagram";
import { emoji } from "./zh/emoji";
import { finding } from "./zh/finding";
import { footnotes } from "./zh/footnotes";
import { health } from "./zh/health";
import { markdown } from "./zh/markdown";
import { maths } from "./zh/maths";
import { message } from "./zh/message";
import { names } from "./zh/names";
import { people } from "./zh/people";
import { providers } from "./zh/providers";
import { queue } from "./zh/queue";
import { secondWay } from "./zh/second-way";
import { sheets } from "./zh/sheets";
import { told } from "./zh/told";
import { tools } from "./zh/tools";
import { transcript } from "./zh/transcript";
import { voice } from "./zh/voice";
import { waiting } from "./zh/waiting";
import { words } from "./zh/words";
import { writing } from "./zh/writing";

export const catalogue: Catalogue = {
  ...actions,
  ...calls,
  ...capture,
  ...voice,
  ...attach,
  ...composer,
  ...connection,
  ...context,
  ...details,
  ...diagram,
  ...emoji,
  ...finding,
  ...footnotes,
  ...health,
  ...markdown,
  ...maths,
  ...message,
  ...names,
  ...people,
  ...providers,
  ...queue,
  ...secondWay,
  ...sheets,
  ...told,
  ...tools,
  ...transcript,
  ...waiting,
  ...words,
  ...writing,
};
