// Lazy chunk: voice messages. Fetched when somebody begins to record one, or plays one.
import voiceCss from "../styles/writing/voice.css?inline";
import { capture } from "../texts/en/capture";
import { voice } from "../texts/en/voice";
import { addTexts } from "../texts/texts";

addTexts({ ...capture, ...voice });

export { Player } from "../views/voice/player";
export { VoicePanel } from "../views/voice/voice-panel";
export { recorderOf } from "../voice/recorder";

export const css = voiceCss;
