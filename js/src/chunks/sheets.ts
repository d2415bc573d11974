// Lazy chunk: the sheets beside the conversation. Fetched when the first of them is opened.
import membersCss from "../styles/sheets/members.css?inline";
import peopleCss from "../styles/sheets/people.css?inline";
import providersCss from "../styles/sheets/providers.css?inline";
import sheetsCss from "../styles/sheets/sheets.css?inline";
import { names } from "../texts/en/names";
import { people } from "../texts/en/people";
import { sheets } from "../texts/en/sheets";
import { writing } from "../texts/en/writing";
import { addTexts } from "../texts/texts";

addTexts({ ...names, ...people, ...sheets, ...writing });

export { ProviderDetails } from "../views/sheets/provider-details";
export { Sheet } from "../views/sheets/sheet";

export const css = sheetsCss + peopleCss + membersCss + providersCss;
