// Entry: how the connection to the hub is.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { browserClock, type Clock } from "../clock";
import { anywidget } from "../host-anywidget";
import { createKernelLink } from "../kernel-link";
import type { HealthState } from "../kernel-messages";
import { type Attached, mount } from "../mount";
import connectionCss from "../styles/connection.css?inline";
import healthCss from "../styles/connection-health.css?inline";
import { Health } from "../views/health";
import type { Way } from "../way";
import type { Widget } from "../widget";

export interface HealthStore extends Way {
  /** Null until the kernel has said anything. */
  readonly health: ReadonlySignal<HealthState | null>;
  attach(): Attached;
}

export const connectionHealth: Widget<HealthStore> = {
  open(host, lifetime, clock: Clock = browserClock) {
    const health = signal<HealthState | null>(null);
    const link = createKernelLink<HealthState>({
      host,
      clock,
      lifetime,
      position: () => 0,
      heard(message) {
        if (message.kind === "snapshot") health.value = message.state;
      },
      overdue: () => null,
    });
    return {
      clock,
      health,
      kernel: link.health,
      connection: computed(() => health.value?.connection ?? null),
      attach: link.attach,
      retryConnection: link.retry,
    };
  },
  show(el, store, _host, lifetime) {
    mount(el, <Health store={store} />, [connectionCss, healthCss], store.attach, lifetime);
  },
};

export default anywidget(connectionHealth);
