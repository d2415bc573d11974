import type { Op } from "../../src/contract";
import type { ChatState, KernelMessage } from "../../src/kernel/messages";
import { createStore, type Store } from "../../src/store/store";
import { chat } from "../../src/widgets/chat";
import { chatState } from "./chat";
import { chunksFromSource } from "./chunks";
import { effectsRun } from "./effects";
import { FakeClock } from "./fake-clock";
import { FakeHost } from "./fake-host";

/** A mounted chat whose kernel and clock are the test's. */
export class View {
  readonly host = new FakeHost();
  readonly clock = new FakeClock();
  readonly life = new AbortController();
  readonly el = document.createElement("div");
  readonly store: Store;
  #n = 1;

  constructor() {
    this.store = { ...createStore(this.host, this.life.signal, this.clock), chunks: chunksFromSource() };
    document.body.append(this.el);
    chat.show(this.el, this.store, this.host, this.life.signal);
  }

  get root(): ShadowRoot {
    const shadow = this.el.firstElementChild?.shadowRoot;
    if (!shadow) throw new Error("not mounted");
    return shadow;
  }

  /** Draws until nothing is left to do: parts that come late, and Preact's passive effects, each may ask for more. */
  async painted(): Promise<void> {
    await this.clock.paint();
    await effectsRun();
  }

  /** Lets time pass and draws. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.painted();
  }

  async live(change: Partial<ChatState> = {}): Promise<void> {
    this.#n = 1;
    await this.hear({ kind: "snapshot", n: 1, state: chatState(change) });
  }

  async ops(...ops: Op[]): Promise<void> {
    this.#n += 1;
    await this.hear({ kind: "ops", n: this.#n, ops });
  }

  async hear(message: KernelMessage): Promise<void> {
    this.host.push(message);
    await this.painted();
  }

  find<E extends HTMLElement = HTMLElement>(selector: string): E {
    const found = this.root.querySelector<E>(selector);
    if (!found) throw new Error(`nothing matches ${selector}`);
    return found;
  }

  text(selector: string): string {
    return this.root.querySelector(selector)?.textContent ?? "";
  }

  type(value: string): HTMLTextAreaElement {
    const area = this.find<HTMLTextAreaElement>("textarea");
    area.value = value;
    area.dispatchEvent(new Event("input", { bubbles: true }));
    return area;
  }

  close(): void {
    this.life.abort();
    this.el.remove();
  }
}

/** Presses a key on an element. */
export function press(target: HTMLElement, key: string, options: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", {
    key,
    bubbles: true,
    cancelable: true,
    composed: true,
    ...options,
  });
  target.dispatchEvent(event);
  return event;
}
