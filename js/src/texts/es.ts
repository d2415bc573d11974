// Spanish, complete: a file for each of `en/`. `lab` comes with the extension of JupyterLab.
import { actions } from "./es/actions";
import { attach } from "./es/attach";
import { calls } from "./es/calls";
import { capture } from "./es/capture";
import { composer } from "./es/composer";
import { connection } from "./es/connection";
import { context } from "./es/context";
import { details } from "./es/details";
import { diagram } from "./es/diagram";
import { emoji } from "./es/emoji";
import { finding } from "./es/finding";
import { footnotes } from "./es/footnotes";
import { health } from "./es/health";
import { markdown } from "./es/markdown";
import { maths } from "./es/maths";
import { message } from "./es/message";
import { names } from "./es/names";
import { people } from "./es/people";
import { providers } from "./es/providers";
import { queue } from "./es/queue";
import { secondWay } from "./es/second-way";
import { sheets } from "./es/sheets";
import { told } from "./es/told";
import { tools } from "./es/tools";
import { transcript } from "./es/transcript";
import { voice } from "./es/voice";
import { waiting } from "./es/waiting";
import { words } from "./es/words";
import { writing } from "./es/writing";
import type { Catalogue } from "./texts";

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
