import { composer } from "./composer";
import { markdown } from "./markdown";
import { message } from "./message";
import { transcript } from "./transcript";
import { widgetTexts } from "./widgets";

/** What the first picture of a chat may say. */
export const chatTexts = { ...widgetTexts, ...markdown, ...message, ...transcript, ...composer } as const;
