import { keepOutOfDocuments } from "../notebook/saved";
import type { Widget } from "../widget";
import type { Host } from "./host";
import { jupyterKernel } from "./jupyter-kernel";

/** The part of anywidget's model that we use (anywidget front-end module, 0.9 to 0.11). */
export interface AnyModel {
  get(name: string): unknown;
  send(content: unknown, callbacks?: unknown, buffers?: unknown): void;
  on(event: string, listener: (...args: never[]) => void): void;
  off(event: string, listener: (...args: never[]) => void): void;
  set?(name: string, value: unknown, options: { silent: boolean }): void;
  /** Whatever the host's widget manager is. */
  readonly widget_manager?: unknown;
}

interface Props {
  model: AnyModel;
  /** Since anywidget 0.11; before, the returned function was the only end. */
  signal?: AbortSignal;
}

interface Open<Store> {
  host: Host;
  store: Store;
}

/** Adapts an anywidget model to the {@link Host} port. */
export function anywidgetHost(model: AnyModel): Host {
  const listen = (event: string, listener: (...args: never[]) => void, signal: AbortSignal): void => {
    if (signal.aborted) return;
    model.on(event, listener);
    signal.addEventListener("abort", () => model.off(event, listener), { once: true });
  };
  const kernel = jupyterKernel(model.widget_manager);
  return {
    send: (message) => model.send(message, undefined, (message as { buffers?: unknown }).buffers),
    onMessage: (listener, signal) => listen("msg:custom", listener, signal),
    kernelStatus: () => kernel?.status() ?? "unknown",
    manager: model.widget_manager,
    isOnline: () => globalThis.navigator?.onLine ?? true,
    onLinkChange(listener, signal) {
      listen("comm_live_update", () => listener(), signal);
      kernel?.onChange(listener, signal);
      for (const event of ["online", "offline"])
        globalThis.addEventListener?.(event, () => listener(), { signal });
    },
    trait: (name) => model.get(name),
    onTrait: (name, listener, signal) => listen(`change:${name}`, () => listener(), signal),
  };
}

/** A lifetime that ends with the host's signal or with the returned function, whichever comes first. */
function lifetime(outer: AbortSignal | undefined): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  if (outer?.aborted) end();
  else outer?.addEventListener("abort", end, { once: true, signal: controller.signal });
  return { signal: controller.signal, end };
}

/**
 * Makes the anywidget module of a widget. anywidget calls the function once a model, so the views of one model share one
 * store; `initialize` and `render` get different proxies of the same model, which is why identity alone will not do.
 */
export function anywidget<Store>(widget: Widget<Store>) {
  return () => {
    const byModel = new Map<AnyModel, Open<Store>>();

    const open = (model: AnyModel, signal: AbortSignal): Open<Store> => {
      const host = anywidgetHost(model);
      const opened = { host, store: widget.open(host, signal) };
      byModel.set(model, opened);
      signal.addEventListener("abort", () => byModel.delete(model), { once: true });
      return opened;
    };

    const find = (model: AnyModel): Open<Store> | undefined => {
      const exact = byModel.get(model);
      if (exact || byModel.size !== 1) return exact;
      return byModel.values().next().value;
    };

    return {
      initialize({ model, signal: outer }: Props): () => void {
        const { signal, end } = lifetime(outer);
        open(model, signal);
        keepOutOfDocuments(model);
        return end;
      },
      render({ model, el, signal: outer }: Props & { el: HTMLElement }): () => void {
        const { signal, end } = lifetime(outer);
        const { store, host } = find(model) ?? open(model, signal);
        widget.show(el, store, host, signal);
        return end;
      },
    };
  };
}
