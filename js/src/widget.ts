import type { Clock } from "./clock";
import type { Host } from "./host/host";

/** One widget of the bundle. Its file in `widgets/` exports `anywidget(…)` of this; `entries.json` names the file. */
export interface Widget<Store> {
  /** Opens what all views of one model share; everything it holds ends with `lifetime`. */
  open(host: Host, lifetime: AbortSignal, clock?: Clock): Store;
  /** Shows one view inside `el` until `lifetime` aborts. */
  show(el: HTMLElement, store: Store, host: Host, lifetime: AbortSignal): void;
}
