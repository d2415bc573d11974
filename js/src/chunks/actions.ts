// Lazy chunk: what can be done with a message, and what is told beside one.
import actionsCss from "../styles/actions/actions.css?inline";
import besideCss from "../styles/actions/beside.css?inline";
import linesCss from "../styles/actions/code-lines.css?inline";
import toolsCss from "../styles/actions/code-tools.css?inline";
import modesCss from "../styles/actions/modes.css?inline";
import reasoningCss from "../styles/actions/reasoning.css?inline";
import tasksCss from "../styles/actions/tasks.css?inline";
import { actions } from "../texts/en/actions";
import { names } from "../texts/en/names";
import { addTexts } from "../texts/texts";

addTexts({ ...actions, ...names });

export { CodeTools } from "../views/actions/code-tools";
export { EditForm } from "../views/actions/edit-form";
export { Replying } from "../views/actions/replying";
export { Retry } from "../views/actions/retry";
export { onTranscriptKey } from "../views/actions/roving";
export { Toolbar } from "../views/actions/toolbar";
export { Beneath } from "../views/beside/beneath";
export { BranchSwitch } from "../views/beside/branch-switch";
export { Facts } from "../views/beside/facts";
export { FirstWord } from "../views/beside/first-word";
export { PauseButton, Paused } from "../views/beside/pausing";
export { Readers } from "../views/beside/readers";
export { Reasoning } from "../views/beside/reasoning";
export { Waiting } from "../views/beside/waiting";
export { comings } from "../views/people/comings";
export { Mentioned } from "../views/people/mentioned";

/** Its style. */
export const css = actionsCss + besideCss + linesCss + toolsCss + modesCss + reasoningCss + tasksCss;
