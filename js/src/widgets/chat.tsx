// Entry: the chat.
import { anywidget } from "../host/anywidget";
import { ChunksContext } from "../lazy/lazy";
import { mount } from "../mount";
import { besideSaved } from "../notebook/saved";
import { createStore, type Store } from "../store/store";
import chatCss from "../styles/chat.css?inline";
import connectionCss from "../styles/connection.css?inline";
import markdownCss from "../styles/transcript/markdown.css?inline";
import messageCss from "../styles/transcript/message.css?inline";
import transcriptCss from "../styles/transcript/transcript.css?inline";
import composerCss from "../styles/writing/composer.css?inline";
import { chatTexts } from "../texts/en/chat";
import { addTexts } from "../texts/texts";
import { Chat } from "../views/chat";
import type { Widget } from "../widget";

addTexts(chatTexts);

const CSS = [connectionCss, chatCss, composerCss, messageCss, transcriptCss, markdownCss];

export const chat: Widget<Store> = {
  open: createStore,
  show(el, store, host, lifetime) {
    const view = (
      <ChunksContext.Provider value={store.chunks}>
        <Chat store={store} />
      </ChunksContext.Provider>
    );
    const shown = mount(el, view, CSS, store.attach, lifetime, store.chunks.styles);
    if (shown) besideSaved(shown, host.trait("saved_class"), store.chat, lifetime);
  },
};

export default anywidget(chat);
