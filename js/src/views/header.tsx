import type { VNode } from "preact";
import type { Store } from "../store";
import { text } from "../texts/texts";
import { CallButton } from "./calls/call-button";
import { SearchIcon } from "./control-icons";
import { UnfoldIcon } from "./icons";

/** Whether this chat's kernel and hub know of conversations as a whole. */
const knowsWhole = (store: Store): boolean => store.chat.value?.conversation !== undefined;

/** What the conversation is called; pressed, one's other conversations. */
export function Title({ store, name }: { store: Store; name: string }): VNode {
  const title = (
    <bdi class="title" title={name}>
      {name}
    </bdi>
  );
  if (!knowsWhole(store)) return title;
  return (
    <button
      type="button"
      class="switcher"
      aria-label={text("header.conversations", { name })}
      aria-haspopup="dialog"
      aria-expanded={store.composing.sheet.value === "conversations"}
      onClick={() => store.composing.toggle("conversations")}
    >
      {title}
      <UnfoldIcon />
    </button>
  );
}

/** What goes with the conversation as a whole: its call, and the search. */
export function HeaderTools({ store }: { store: Store }): VNode {
  return (
    <>
      <CallButton store={store} />
      {knowsWhole(store) && <SearchButton store={store} />}
    </>
  );
}

function SearchButton({ store }: { store: Store }): VNode {
  return (
    <button
      type="button"
      class="icon"
      aria-label={text("header.search")}
      title={text("header.search")}
      aria-haspopup="dialog"
      aria-expanded={store.composing.sheet.value === "search"}
      onClick={() => store.composing.toggle("search")}
    >
      <SearchIcon />
    </button>
  );
}
