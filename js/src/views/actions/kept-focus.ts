import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** Where the focus was, and what stands there when that is gone. */
interface Place {
  element: HTMLElement;
  sheet: HTMLElement | null;
  messageId: string | undefined;
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
function standIn(chat: HTMLElement, { sheet, messageId }: Place): HTMLElement | null {
  if (sheet) return sheet.isConnected ? sheet : null;
  const messages = [...chat.querySelectorAll<HTMLElement>("article[data-message-id]")];
  const message = messages.find(({ dataset }) => dataset.messageId === messageId) ?? messages.at(-1);
  return (messageId !== undefined && message) || chat.querySelector("textarea");
}
