// Lazy chunk: to find messages and conversations, and to take them along. Fetched when one of its sheets is opened.
import findingCss from "../styles/finding.css?inline";
import { finding } from "../texts/en/finding";
import { names } from "../texts/en/names";
import { sheets } from "../texts/en/sheets";
import { addTexts } from "../texts/texts";

addTexts({ ...finding, ...names, ...sheets });

export { Conversations } from "../views/finding/conversations";
export { Files } from "../views/finding/files";
export { Search } from "../views/finding/search";

export const css = findingCss;
