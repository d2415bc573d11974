// Lazy chunk: files on their way up, and what is shown of those in messages. Fetched with the first one.
import filesCss from "../styles/files.css?inline";
import { attach } from "../texts/en/attach";
import { addTexts } from "../texts/texts";

addTexts(attach);

export { attachingOf } from "../files/attaching";
export { MessageFiles } from "../views/files/message-files";
export { Tray } from "../views/files/tray";

export const css = filesCss;
