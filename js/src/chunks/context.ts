// Lazy chunk: the kernel's variables in what people write. Fetched when a draft or a message first names one.
import contextCss from "../styles/context.css?inline";
import { context } from "../texts/en/context";
import { addTexts } from "../texts/texts";

addTexts(context);

export { contextDraft } from "../context/context-draft";
export { asWritten } from "../context/context-mentions";
export { Attached } from "../views/context/attached";
export { Tray } from "../views/context/tray";

export const css = contextCss;
