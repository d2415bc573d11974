// Lazy chunk: what helps while somebody writes. Fetched when the field is first entered.
import extrasCss from "../styles/writing/composer-extras.css?inline";
import notesCss from "../styles/writing/field-notes.css?inline";
import headerCss from "../styles/writing/header.css?inline";
import providerLineCss from "../styles/writing/provider-line.css?inline";
import writingCss from "../styles/writing/writing.css?inline";
import { attach } from "../texts/en/attach";
import { names } from "../texts/en/names";
import { writing } from "../texts/en/writing";
import { addTexts } from "../texts/texts";

addTexts({ ...attach, ...names, ...writing });

export { sendNamed } from "../context/send-named";
export { HeaderTools, Title } from "../views/header";
export { Presence } from "../views/people/presence";
export { Provider } from "../views/providers/provider";
export { Queued } from "../views/queue/queued";
export { BesideDraft } from "../views/writing/beside-draft";
export { fieldHint, sendHint } from "../views/writing/hints";
export { runLine } from "../views/writing/run-command";
export { Starters } from "../views/writing/starters";
export { Suggestions } from "../views/writing/suggestions";
export { Tools } from "../views/writing/tools";
export { Typing } from "../views/writing/typing";

export const css = writingCss + headerCss + notesCss + extrasCss + providerLineCss;
