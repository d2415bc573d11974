// Which conversation the server shows: what it is asked is meant for that one, also what it is asked right after it was
// told to show another.
import type { Reply } from "../../kernel/messages";

export interface ShownThere {
  /** Whether what is asked now is meant for this conversation. */
  is(conversationId: string): boolean;
  /** The server is asked to show another one. */
  asked(requestId: string, conversationId: string): void;
  /** Notes an answer; true where it is one to that. */
  answered(reply: Reply): boolean;
  /** The server says which one it shows. */
  shows(conversationId: string): void;
  /** Nobody answers any more what was asked. */
  lost(): void;
}

export function createShownThere(): ShownThere {
  let shown = "";
  const switches = new Map<string, string>();
  return {
    is: (conversationId) => switches.size === 0 && shown === conversationId,
    asked: (requestId, conversationId) => void switches.set(requestId, conversationId),
    answered({ requestId, ok }) {
      const conversationId = switches.get(requestId);
      if (conversationId === undefined) return false;
      switches.delete(requestId);
      if (ok) shown = conversationId;
      return true;
    },
    shows: (conversationId) => {
      shown = conversationId;
    },
    lost: () => switches.clear(),
  };
}
