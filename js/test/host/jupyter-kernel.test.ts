import { expect, it } from "vitest";
import { jupyterKernel } from "../../src/host/jupyter-kernel";

class Signal {
  readonly slots = new Set<() => void>();
  connect(slot: () => void): void {
    this.slots.add(slot);
  }
  disconnect(slot: () => void): void {
    this.slots.delete(slot);
  }
  emit(): void {
    for (const slot of this.slots) slot();
  }
}

/** JupyterLab's manager, as far as it is looked at. */
function lab() {
  const kernel = { id: "k1", status: "idle", connectionStatus: "connected" };
  const session = { kernel: kernel as typeof kernel | null };
  const sessionContext = {
    session: session as typeof session | null,
    statusChanged: new Signal(),
    kernelChanged: new Signal(),
    connectionStatusChanged: new Signal(),
  };
  return { kernel, session, sessionContext, manager: { context: { sessionContext } } };
}

it("tells idle, busy, a lost server and a shutdown apart", () => {
  const { kernel, sessionContext, manager } = lab();
  const watched = jupyterKernel(manager);
  expect(watched?.status()).toBe("idle");
  kernel.status = "busy";
  expect(watched?.status()).toBe("busy");
  kernel.status = "starting";
  expect(watched?.status()).toBe("unknown");
  kernel.connectionStatus = "connecting";
  expect(watched?.status()).toBe("unreachable");
  kernel.status = "dead";
  expect(watched?.status()).toBe("gone");
  sessionContext.session = null;
  expect(watched?.status()).toBe("gone");
});

it("remembers that the kernel was restarted or replaced: the new one knows nothing of this chat", () => {
  for (const change of [{ status: "restarting" }, { status: "autorestarting" }, { id: "k2" }]) {
    const { kernel, manager } = lab();
    const watched = jupyterKernel(manager);
    watched?.status();
    Object.assign(kernel, change);
    expect(watched?.status()).toBe("restarted");
    kernel.status = "idle";
    expect(watched?.status()).toBe("restarted");
  }
});

it("calls back once a change, until its life ends", () => {
  const { kernel, sessionContext, manager } = lab();
  const life = new AbortController();
  let calls = 0;
  jupyterKernel(manager)?.onChange(() => {
    calls += 1;
  }, life.signal);
  sessionContext.statusChanged.emit();
  expect(calls, "nothing changed").toBe(0);
  kernel.status = "busy";
  sessionContext.statusChanged.emit();
  expect(calls).toBe(1);
  life.abort();
  expect(sessionContext.statusChanged.slots.size).toBe(0);
});

it("takes a manager with a kernel alone, and knows nothing of others", () => {
  const kernel = {
    id: "k",
    status: "busy",
    connectionStatus: "connected",
    statusChanged: new Signal(),
    connectionStatusChanged: new Signal(),
  };
  expect(jupyterKernel({ kernel })?.status()).toBe("busy");
  const throwing = {
    get context(): never {
      throw new Error("disposed");
    },
  };
  for (const manager of [undefined, null, 7, {}, { context: {} }, throwing]) {
    expect(jupyterKernel(manager)).toBeNull();
  }
});
