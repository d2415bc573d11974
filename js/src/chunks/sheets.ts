// Lazy chunk: the sheets beside the conversation. Fetched when the first of them is opened.
import providersCss from "../styles/providers.css?inline";
import sheetsCss from "../styles/sheets.css?inline";
import { sheets } from "../texts/en/sheets";
import { writing } from "../texts/en/writing";
import { addTexts } from "../texts/texts";

addTexts({ ...sheets, ...writing });

export { ProviderDetails } from "../views/sheets/provider-details";
export { Sheet } from "../views/sheets/sheet";

export const css = sheetsCss + providersCss;
