import type { ComponentChildren, VNode } from "preact";
import type { SheetName } from "../composing/composing";
import type { Store } from "../store/store";
import { text } from "../texts/texts";
import { PinIcon } from "./actions/icons";
import { CallButton } from "./calls/call-button";
import { HelpIcon, SearchIcon } from "./control-icons";
import { usePinned } from "./finding/pinned-list";
import { UnfoldIcon } from "./icons";

/** Whether this chat's kernel and hub know of conversations as a whole. */
const knowsWhole = (store: Store): boolean => store.select.settled.value?.conversation !== undefined;

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

/** What goes with the conversation as a whole: its call, the search, what is pinned, and the keys and commands. */
export function HeaderTools({ store }: { store: Store }): VNode {
  const pinned = usePinned(store).value.length;
  return (
    <span class="finders">
      <CallButton store={store} />
      {knowsWhole(store) && (
        <SheetButton store={store} sheet="search" label={text("header.search")} icon={SearchIcon} />
      )}
      {pinned > 0 && (
        <SheetButton
          store={store}
          sheet="pinned"
          label={text("header.pinned", { count: pinned })}
          icon={PinIcon}
        >
          <span aria-hidden="true">{pinned}</span>
        </SheetButton>
      )}
      <SheetButton store={store} sheet="help" label={text("header.help")} icon={HelpIcon} />
    </span>
  );
}

interface SheetButtonProps {
  store: Store;
  sheet: SheetName;
  label: string;
  icon: () => VNode;
  children?: ComponentChildren;
}

function SheetButton({ store, sheet, label, icon: Icon, children }: SheetButtonProps): VNode {
  return (
    <button
      type="button"
      class="icon"
      aria-label={label}
      title={label}
      aria-haspopup="dialog"
      aria-expanded={store.composing.sheet.value === sheet}
      onClick={() => store.composing.toggle(sheet)}
    >
      <Icon />
      {children}
    </button>
  );
}
