import { words } from "./words";

/** What every widget may say. */
export const widgetTexts = { ...words } as const;
