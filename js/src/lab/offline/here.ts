// The place that the chat is in, and the queue of it.
import type { ChatState, Reply } from "../../kernel/messages";
import type { Opening, Place } from "./database";
import { followFiles, type LocalFiles } from "./local-files";
import { type BrowserQueue, openQueue } from "./queue";
import { NotAskedError, sendAll } from "./sending";

export interface Here {
  readonly place: Place;
  readonly queue: BrowserQueue;
  /** Sends what waits, as far as the way goes. */
  send(): void;
  leave(): void;
}

interface Options {
  opening: Opening;
  server: string;
  chat: Pick<ChatState, "conversationId" | "self">;
  ask: (request: object) => Promise<Reply>;
  files: LocalFiles;
  /** Whether there is a way to the server, and it shows this place. */
  hasWay(): boolean;
  /** What waits has changed. */
  changed(): void;
}

export function enterPlace({ opening, server, chat, ask, files, hasWay, changed }: Options): Here {
  const place: Place = [server, chat.self.userId, chat.conversationId];
  const life = new AbortController();
  let isSending = false;
  let isToSendAgain = false;
  const follow = followFiles(files);
  const queue: BrowserQueue = openQueue(opening, place, () => {
    follow(queue.entries);
    if (!life.signal.aborted) changed();
    send();
  });

  const askHere = async (wish: object): Promise<Reply> => {
    if (!hasWay()) throw new NotAskedError("The way is lost, or leads to another conversation.");
    return ask(wish);
  };
  const send = (): void => {
    if (isSending || !hasWay() || life.signal.aborted) {
      isToSendAgain = isSending;
      return;
    }
    isSending = true;
    isToSendAgain = false;
    sendAll(queue, place, askHere, life.signal, { content: files.content, ask: askHere })
      .catch(() => {}) // the way is lost, or the place left: it goes on when the next state comes
      .then(() => {
        isSending = false;
        if (isToSendAgain) send();
      });
  };
  queue.read().catch(() => {}); // read again before anything is sent

  return {
    place,
    queue,
    send,
    leave() {
      life.abort();
      queue.close();
    },
  };
}
