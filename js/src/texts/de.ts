// German, complete: a file for each of `en/`. `lab` comes with the extension of JupyterLab.
import { actions } from "./de/actions";
import { attach } from "./de/attach";
import { calls } from "./de/calls";
import { capture } from "./de/capture";
import { composer } from "./de/composer";
import { connection } from "./de/connection";
import { context } from "./de/context";
import { details } from "./de/details";
import { diagram } from "./de/diagram";
import { emoji } from "./de/emoji";
import { finding } from "./de/finding";
import { footnotes } from "./de/footnotes";
import { health } from "./de/health";
import { markdown } from "./de/markdown";
import { maths } from "./de/maths";
import { message } from "./de/message";
import { names } from "./de/names";
import { people } from "./de/people";
import { providers } from "./de/providers";
import { queue } from "./de/queue";
import { secondWay } from "./de/second-way";
import { sheets } from "./de/sheets";
import { told } from "./de/told";
import { tools } from "./de/tools";
import { transcript } from "./de/transcript";
import { voice } from "./de/voice";
import { waiting } from "./de/waiting";
import { words } from "./de/words";
import { writing } from "./de/writing";
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
