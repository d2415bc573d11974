// JupyterLab's and Notebook's widget manager knows the kernel's state; other hosts have none of this. Everything here
// is looked for, nothing is relied on.
import type { KernelStatus } from "./host";

interface Watched {
  on(listener: () => void, life: AbortSignal): void;
  status(): string;
  connection(): string;
  /** Empty when there is no kernel. */
  id(): string;
}

export interface JupyterKernel {
  status(): KernelStatus;
  /** Calls back when the kernel's state changed, until `life` aborts. */
  onChange(listener: () => void, life: AbortSignal): void;
}

/** The kernel behind a widget manager; null where the manager tells nothing of it. */
export function jupyterKernel(manager: unknown): JupyterKernel | null {
  const [session, kernel] = [at(manager, "context", "sessionContext"), at(manager, "kernel")];
  const watched =
    watch(session, [...CHANGES, "kernelChanged"], () => at(session, "session", "kernel")) ??
    watch(kernel, CHANGES, () => kernel);
  if (!watched) return null;
  let opened = watched.id();
  let replaced = false;

  const status = (): KernelStatus => {
    const [state, id] = [watched.status(), watched.id()];
    opened ||= id;
    if (state === "restarting" || state === "autorestarting" || (id && id !== opened)) replaced = true;
    if (!id || state === "dead" || state === "terminating") return "gone";
    if (replaced) return "restarted";
    if (watched.connection() !== "connected") return "unreachable";
    return state === "idle" || state === "busy" ? state : "unknown";
  };

  return {
    status,
    onChange(listener, life) {
      let before = status();
      watched.on(() => {
        const now = status();
        if (now === before) return;
        before = now;
        listener();
      }, life);
    },
  };
}

const CHANGES = ["statusChanged", "connectionStatusChanged"];

/** Null where `owner` lacks one of the signals. */
function watch(owner: unknown, names: readonly string[], kernel: () => unknown): Watched | null {
  const signals = names.map((name) => at(owner, name));
  if (!signals.every(isSignal)) return null;
  const of = (name: string): string => text(at(kernel(), name));
  return {
    on: (listener, life) => connectAll(signals, listener, life),
    status: () => of("status"),
    connection: () => of("connectionStatus"),
    id: () => of("id"),
  };
}

interface LuminoSignal {
  connect(slot: () => void): void;
  disconnect(slot: () => void): void;
}

function connectAll(signals: readonly LuminoSignal[], listener: () => void, life: AbortSignal): void {
  if (life.aborted) return;
  const slot = (): void => listener();
  for (const each of signals) {
    each.connect(slot);
    life.addEventListener("abort", () => each.disconnect(slot), { once: true });
  }
}

function isSignal(value: unknown): value is LuminoSignal {
  return typeof at(value, "connect") === "function" && typeof at(value, "disconnect") === "function";
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Returns the property at a path; undefined when the path ends early or a getter throws (a disposed session's does). */
function at(value: unknown, ...path: string[]): unknown {
  let found = value;
  for (const name of path) {
    if ((typeof found !== "object" && typeof found !== "function") || found === null) return undefined;
    try {
      found = (found as Record<string, unknown>)[name];
    } catch {
      return undefined;
    }
  }
  return found;
}
