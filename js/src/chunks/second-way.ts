// Lazy chunk: the way past a busy kernel, and that of a person whose kernel it is not. Fetched when the chat of a kernel has
// said its first word, before a cell blocks it.
import { secondWay as texts } from "../texts/en/second-way";
import { addTexts } from "../texts/texts";

addTexts(texts);

export { openWay } from "../second-way/own-view";
