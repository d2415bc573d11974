import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** Where the focus was, and what stands there when that is gone. */
interface Place {
  element: HTMLElement;
  sheet: HTMLElement | null;
  messageId: string | undefined;
  /** The message before that one. */
  before: HTMLElement | undefined;
}

/**
 * Keeps the focus in the chat when what had it goes: Stop with its answer, Undo with its line, a toolbar with the branch that
 * another one replaces. Else the next key would go to the page. Who has left the chat is not called back.
 */
export function useKeptFocus(inside: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const chat = inside.current?.closest<HTMLElement>(".chat");
    if (!chat) return undefined;
    let place: Place | null = null;
    const onFocusIn = ({ target }: FocusEvent): void => {
      const element = target as HTMLElement;
      const message = element.closest<HTMLElement>("[data-message-id]");
      place = {
        element,
        sheet: element.closest<HTMLElement>(".sheet"),
        messageId: message?.dataset.messageId,
        before: message ? messagesOf(chat)[messagesOf(chat).indexOf(message) - 1] : undefined,
      };
    };
    const onFocusOut = (): void => {
      // By the end of what runs now it is known whether it was left or taken away.
      queueMicrotask(() => {
        if (place && !isGone(place.element) && !hasFocus(chat)) place = null;
      });
    };
    const observer = new MutationObserver(() => {
      if (!place || place.element.isConnected) return;
      const lost = place;
      place = null;
      if (!hasFocus(chat) && isNowhere(chat)) standIn(chat, lost)?.focus({ preventScroll: true });
    });
    chat.addEventListener("focusin", onFocusIn);
    chat.addEventListener("focusout", onFocusOut);
    observer.observe(chat, { childList: true, subtree: true });
    return () => {
      chat.removeEventListener("focusin", onFocusIn);
      chat.removeEventListener("focusout", onFocusOut);
      observer.disconnect();
    };
  }, [inside]);
}

/** A button that is disabled has no focus either, and says nothing of it in some browsers. */
const isGone = (element: HTMLElement): boolean => !element.isConnected || element.matches(":disabled");

function hasFocus(chat: HTMLElement): boolean {
  return chat.contains((chat.getRootNode() as Document | ShadowRoot).activeElement);
}

/** Whether nothing else of the page has the focus. */
function isNowhere({ ownerDocument: page }: HTMLElement): boolean {
  return !page.activeElement || page.activeElement === page.body;
}

/** The sheet it was in, the message as it stands now or what took its place, else the field. A sheet that closes gives it back. */
function standIn(chat: HTMLElement, { element, sheet, messageId, before }: Place): HTMLElement | null {
  if (sheet) return sheet.isConnected ? sheet : null;
  const messages = messagesOf(chat);
  const follows = before?.isConnected === false ? -1 : messages.indexOf(before as HTMLElement) + 1;
  const message =
    messages.find(({ dataset }) => dataset.messageId === messageId) ?? messages[follows] ?? messages.at(-1);
  if (messageId === undefined || !message) return chat.querySelector("textarea");
  // From branch to branch the button goes on that was pressed.
  const name = element.closest(".branches") && element.getAttribute("aria-label");
  return (
    (name && message.querySelector<HTMLElement>(`.branches [aria-label="${name}"]:not([disabled])`)) ||
    message
  );
}

function messagesOf(chat: HTMLElement): HTMLElement[] {
  return [...chat.querySelectorAll<HTMLElement>("article[data-message-id]")];
}
