// Entry: how the connection to the hub is.
import type { ReadonlySignal } from "@preact/signals";
import { anywidget } from "../host/anywidget";
import type { HealthState } from "../kernel/messages";
import { type Attached, mount } from "../mount";
import type { Way } from "../state/way";
import { createSnapshots } from "../store/snapshots";
import connectionCss from "../styles/connection.css?inline";
import healthCss from "../styles/widgets/connection-health.css?inline";
import { widgetTexts } from "../texts/en/widgets";
import { addTexts } from "../texts/texts";
import { Health } from "../views/connection/health";
import type { Widget } from "../widget";

addTexts(widgetTexts);

export interface HealthStore extends Way {
  /** Null until the kernel has said anything. */
  readonly health: ReadonlySignal<HealthState | null>;
  attach(): Attached;
}

export const connectionHealth: Widget<HealthStore> = {
  open(host, lifetime, clock) {
    const { state, ...store } = createSnapshots<HealthState>(host, lifetime, clock);
    return { ...store, health: state };
  },
  show(el, store, _host, lifetime) {
    mount(el, <Health store={store} />, [connectionCss, healthCss], store.attach, lifetime);
  },
};

export default anywidget(connectionHealth);
