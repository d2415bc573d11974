import type { Host, KernelStatus } from "../../src/host/host";
import type { KernelMessage, ViewMessage } from "../../src/kernel/messages";

type Listener = (value: unknown, buffers?: readonly DataView[]) => void;

type Slot = (sender: unknown, value: unknown) => void;

/** A signal of Lumino's. */
class FakeSignal {
  readonly slots = new Set<Slot>();

  connect(slot: Slot): void {
    this.slots.add(slot);
  }

  disconnect(slot: Slot): void {
    this.slots.delete(slot);
  }

  emit(value: unknown): void {
    for (const slot of this.slots) slot(null, value);
  }
}

/** A host whose kernel is the test. */
export class FakeHost implements Host {
  readonly sent: ViewMessage[] = [];
  readonly traits: Record<string, unknown> = {
    conversation_id: "team",
    height: 0,
    saved_class: "conduit-saved",
  };
  /** As JupyterLab's, as far as what its kernel publishes and is sent. */
  readonly manager = {
    context: {
      sessionContext: { iopubMessage: new FakeSignal(), session: { anyMessage: new FakeSignal() } },
    },
  };
  broken = false;
  status: KernelStatus = "unknown";
  online = true;
  readonly #listeners = new Map<string, Set<Listener>>();

  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }

  send(message: object): void {
    if (this.broken) throw new Error("comm is closed");
    this.sent.push(message as ViewMessage);
  }

  onMessage(listener: Listener, signal: AbortSignal): void {
    this.#listen("message", listener, signal);
  }

  kernelStatus(): KernelStatus {
    return this.status;
  }

  isOnline(): boolean {
    return this.online;
  }

  onLinkChange(listener: () => void, signal: AbortSignal): void {
    this.#listen("link", listener, signal);
  }

  trait(name: string): unknown {
    return this.traits[name];
  }

  onTrait(name: string, listener: () => void, signal: AbortSignal): void {
    this.#listen(name, listener, signal);
  }

  /** The kernel says something. */
  push(message: KernelMessage, buffers: readonly DataView[] = []): void {
    this.emit("message", structuredClone(message), buffers);
  }

  /** The page sends the kernel a request of its own. */
  asks(type: string, id?: string): void {
    const header = { msg_type: type, msg_id: id };
    this.manager.context.sessionContext.session.anyMessage.emit({ direction: "send", msg: { header } });
  }

  /** The kernel's status changes for a reason, as all its front ends are told. */
  publish(state: "busy" | "idle", cause: string, id?: string): void {
    this.status = state;
    this.emit("link");
    const message = { content: { execution_state: state }, parent_header: { msg_type: cause, msg_id: id } };
    this.manager.context.sessionContext.iopubMessage.emit(message);
  }

  emit(event: string, value?: unknown, buffers?: readonly DataView[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value, buffers);
  }

  /** The messages of one kind that the view sent. */
  all<K extends ViewMessage["kind"]>(kind: K): Extract<ViewMessage, { kind: K }>[] {
    return this.sent.filter((message): message is Extract<ViewMessage, { kind: K }> => message.kind === kind);
  }

  #listen(event: string, listener: Listener, signal: AbortSignal): void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(listener));
    signal.addEventListener("abort", () => set.delete(listener));
  }
}
