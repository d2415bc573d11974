// @vitest-environment happy-dom

import { expect, it } from "vitest";
import { type AnyModel, anywidgetHost } from "../../src/host/anywidget";
import widget from "../../src/widgets/chat";
import { chatState, question } from "../support/chat";
import { until } from "../support/until";

type Listener = (...args: never[]) => void;

/** anywidget's model: every call gets a proxy of its own. */
class FakeModel {
  readonly sent: { kind: string }[] = [];
  readonly listeners = new Map<string, Set<Listener>>();

  get count(): number {
    return [...this.listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }

  proxy(): AnyModel {
    return {
      get: (name) => (name === "height" ? 0 : "team"),
      send: (content) => this.sent.push(content as { kind: string }),
      on: (event, listener) => {
        this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
      },
      off: (event, listener) => {
        this.listeners.get(event)?.delete(listener);
      },
    };
  }

  push(content: unknown): void {
    for (const listener of this.listeners.get("msg:custom") ?? []) listener(content as never, [] as never);
  }
}

function articles(el: HTMLElement): number {
  return el.firstElementChild?.shadowRoot?.querySelectorAll("article").length ?? 0;
}

const snapshot = { kind: "snapshot", n: 1, state: chatState({ messages: [question(1, "Hi")] }) };

it("gives all views of a model one store, whatever proxies they get", async () => {
  const model = new FakeModel();
  const { initialize, render } = widget();
  const [life, first, second] = [new AbortController(), new AbortController(), new AbortController()];
  const [a, b] = [document.createElement("div"), document.createElement("div")];
  initialize({ model: model.proxy(), signal: life.signal });
  render({ model: model.proxy(), el: a, signal: first.signal });
  render({ model: model.proxy(), el: b, signal: second.signal });
  const listeners = model.count;
  model.push(snapshot);
  await until(() => expect([articles(a), articles(b)]).toEqual([1, 1]));
  const kinds = (...wanted: string[]): unknown[] =>
    model.sent.map(({ kind }) => kind).filter((kind) => wanted.includes(String(kind)));
  expect(kinds("hello"), "each view says that it is there").toHaveLength(2);
  await until(() =>
    expect(kinds("read", "chunk"), "what is asked is asked for both").toEqual(["chunk", "chunk", "read"]),
  );
  first.abort();
  expect(a.childElementCount, "a closed view leaves nothing in the page").toBe(0);
  expect(model.count, "the model's listeners belong to the model").toBe(listeners);
  second.abort();
  life.abort();
  expect(model.count).toBe(0);
  expect(b.childElementCount).toBe(0);
});

it("keeps models apart, each with its own module value", async () => {
  const [one, two] = [new FakeModel(), new FakeModel()];
  const els = [one, two].map((model) => {
    const { initialize, render } = widget();
    const el = document.createElement("div");
    initialize({ model: model.proxy() });
    render({ model: model.proxy(), el });
    return el;
  });
  one.push(snapshot);
  await until(() => expect(els.map(articles)).toEqual([1, 0]));
});

it("ends with the returned functions too, for hosts without signals", () => {
  const model = new FakeModel();
  const { initialize, render } = widget();
  const el = document.createElement("div");
  const end = initialize({ model: model.proxy() });
  const close = render({ model: model.proxy(), el });
  close();
  end();
  expect(model.count).toBe(0);
  expect(el.childElementCount).toBe(0);
});

it("starts nothing when it is over already", () => {
  const model = new FakeModel();
  const over = AbortSignal.abort();
  const { initialize, render } = widget();
  const el = document.createElement("div");
  initialize({ model: model.proxy(), signal: over });
  render({ model: model.proxy(), el, signal: over });
  expect(model.count).toBe(0);
  expect(el.childElementCount).toBe(0);
});

it("passes messages, traits and the state of the comm through", () => {
  const model = new FakeModel();
  const host = anywidgetHost(model.proxy());
  const heard: unknown[] = [];
  const life = new AbortController();
  host.onMessage((message) => heard.push(message), life.signal);
  model.push({ kind: "ops" });
  life.abort();
  model.push({ kind: "ops" });
  expect(heard).toEqual([{ kind: "ops" }]);
  host.send({ kind: "retry" });
  expect(model.sent).toEqual([{ kind: "retry" }]);
  expect(host.trait("conversation_id")).toBe("team");
});
