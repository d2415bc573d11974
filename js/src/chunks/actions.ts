// Lazy chunk: what can be done with a message, and what is told beside one.
import actionsCss from "../styles/actions.css?inline";
import besideCss from "../styles/beside.css?inline";
import linesCss from "../styles/code-lines.css?inline";
import toolsCss from "../styles/code-tools.css?inline";
import modesCss from "../styles/modes.css?inline";
import tasksCss from "../styles/tasks.css?inline";
import { actions } from "../texts/en/actions";
import { names } from "../texts/en/names";
import { addTexts } from "../texts/texts";

addTexts({ ...actions, ...names });

export { Beneath } from "../views/actions/beneath";
export { BranchSwitch } from "../views/actions/branch-switch";
export { CodeTools } from "../views/actions/code-tools";
export { EditForm } from "../views/actions/edit-form";
export { Facts } from "../views/actions/facts";
export { PauseButton, Paused } from "../views/actions/pausing";
export { Readers } from "../views/actions/readers";
export { Replying } from "../views/actions/replying";
export { Retry } from "../views/actions/retry";
export { onTranscriptKey } from "../views/actions/roving";
export { Toolbar } from "../views/actions/toolbar";
export { waitingWords } from "../views/actions/waiting-words";
export { comings } from "../views/people/comings";
export { Mentioned } from "../views/people/mentioned";

/** Its style. */
export const css = actionsCss + besideCss + linesCss + toolsCss + modesCss + tasksCss;
