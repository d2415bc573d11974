// Lazy chunk: talking to each other. Fetched when the call is opened, or was on when the page was loaded again.
import stageCss from "../styles/calls/call-stage.css?inline";
import callsCss from "../styles/calls/calls.css?inline";
import { calls } from "../texts/en/calls";
import { capture } from "../texts/en/capture";
import { addTexts } from "../texts/texts";

addTexts({ ...calls, ...capture });

export { sessionOf } from "../calls/session-of";
export { CallSheet } from "../views/calls/call-sheet";

export const css = callsCss + stageCss;
