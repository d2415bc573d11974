// Entry: who is in a conversation.
import type { ReadonlySignal } from "@preact/signals";
import { anywidget } from "../host/anywidget";
import type { PresenceState } from "../kernel/messages";
import { type Attached, mount } from "../mount";
import type { Way } from "../state/way";
import { createSnapshots } from "../store/snapshots";
import connectionCss from "../styles/connection.css?inline";
import peopleCss from "../styles/sheets/people.css?inline";
import presenceCss from "../styles/widgets/presence.css?inline";
import { names } from "../texts/en/names";
import { widgetTexts } from "../texts/en/widgets";
import { addTexts } from "../texts/texts";
import { PresenceList } from "../views/people/presence-list";
import type { Widget } from "../widget";

addTexts({ ...widgetTexts, ...names });

export interface PresenceStore extends Way {
  /** Null until the kernel has said anything. */
  readonly presence: ReadonlySignal<PresenceState | null>;
  attach(): Attached;
}

export const presence: Widget<PresenceStore> = {
  open(host, lifetime, clock) {
    const { state, ...store } = createSnapshots<PresenceState>(host, lifetime, clock);
    return { ...store, presence: state };
  },
  show(el, store, _host, lifetime) {
    const css = [connectionCss, peopleCss, presenceCss];
    mount(el, <PresenceList store={store} />, css, store.attach, lifetime);
  },
};

export default anywidget(presence);
