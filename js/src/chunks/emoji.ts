// Lazy chunk: all emoji, and choosing one.
import emojiCss from "../styles/writing/emoji.css?inline";
import { emoji } from "../texts/en/emoji";
import { addTexts } from "../texts/texts";

addTexts(emoji);

export { EmojiPicker } from "../views/emoji/picker";
/** Its style. */
export { emojiCss as css };
