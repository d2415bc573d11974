// Entry: every provider of the hub with its health.
import type { ReadonlySignal } from "@preact/signals";
import { anywidget } from "../host/anywidget";
import type { ProvidersState } from "../kernel/messages";
import { type Attached, mount } from "../mount";
import type { Way } from "../state/way";
import { createSnapshots } from "../store/snapshots";
import connectionCss from "../styles/connection.css?inline";
import providersCss from "../styles/sheets/providers.css?inline";
import boardCss from "../styles/widgets/provider-status.css?inline";
import { widgetTexts } from "../texts/en/widgets";
import { addTexts } from "../texts/texts";
import { Board } from "../views/providers/board";
import type { Widget } from "../widget";

addTexts(widgetTexts);

export interface BoardStore extends Way {
  /** Null until the kernel has said anything. */
  readonly board: ReadonlySignal<ProvidersState | null>;
  attach(): Attached;
}

export const providerStatus: Widget<BoardStore> = {
  open(host, lifetime, clock) {
    const { state, ...store } = createSnapshots<ProvidersState>(host, lifetime, clock);
    return { ...store, board: state };
  },
  show(el, store, _host, lifetime) {
    mount(el, <Board store={store} />, [connectionCss, providersCss, boardCss], store.attach, lifetime);
  },
};

export default anywidget(providerStatus);
