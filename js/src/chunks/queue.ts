// Lazy chunk: what waits for the hub. Fetched when something does.
import queueCss from "../styles/writing/queue.css?inline";
import { queue } from "../texts/en/queue";
import { addTexts } from "../texts/texts";

addTexts(queue);

export { QueueButton } from "../views/queue/queue-button";
export { QueueSheet } from "../views/queue/queue-sheet";
export { WaitingMessages } from "../views/queue/waiting-messages";

export const css = queueCss;
