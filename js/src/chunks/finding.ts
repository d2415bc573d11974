// Lazy chunk: to find messages and conversations, and to take them along. Fetched when one of its sheets is opened.
import findingCss from "../styles/sheets/finding.css?inline";
import { actions } from "../texts/en/actions";
import { finding } from "../texts/en/finding";
import { names } from "../texts/en/names";
import { sheets } from "../texts/en/sheets";
import { addTexts } from "../texts/texts";

addTexts({ ...actions, ...finding, ...names, ...sheets });

export { Conversations } from "../views/finding/conversations";
export { Files } from "../views/finding/files";
export { Pinned } from "../views/finding/pinned";
export { Search } from "../views/finding/search";

export const css = findingCss;
