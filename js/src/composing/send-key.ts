// Which key sends a message: Enter, or Ctrl/Cmd+Enter where Enter breaks the line. One choice for the whole browser.

export type SendKey = "enter" | "mod-enter";

type Keys = Pick<
  KeyboardEvent,
  "key" | "shiftKey" | "altKey" | "ctrlKey" | "metaKey" | "isComposing" | "keyCode"
>;

/** Whether these keys send. While an input method composes, Enter chooses a candidate (229: Safari ends that first). */
export function isSend(event: Keys, sendKey: SendKey): boolean {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return false;
  if (event.shiftKey || event.altKey) return false;
  return event.ctrlKey || event.metaKey || sendKey === "enter";
}

/** Reads a kept choice; what is none is Enter. */
export function readSendKey(text: string): SendKey {
  return text === "mod-enter" ? text : "enter";
}

/** The keys that send where Enter does not, as they are written on the keyboard. */
export function modKeys(platform: string = globalThis.navigator?.platform ?? ""): string {
  return /Mac|iPhone|iPad/.test(platform) ? "⌘ Enter" : "Ctrl+Enter";
}
