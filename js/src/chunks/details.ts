// Lazy chunk: the panel of figures. Fetched when it is opened.
import detailsCss from "../styles/transcript/details.css?inline";
import { details } from "../texts/en/details";
import { addTexts } from "../texts/texts";

addTexts(details);

export { DetailsSheet } from "../views/details/details-sheet";

export const css = detailsCss;
