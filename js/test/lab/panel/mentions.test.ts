// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { desktopOf } from "../../../src/lab/panel/desktop";
import { watchMentions } from "../../../src/lab/panel/mentions";
import { createStore, type Store } from "../../../src/store/store";
import { chatState, question } from "../../support/chat";
import { FakeClock, settled } from "../../support/fake-clock";
import { FakeHost } from "../../support/fake-host";

it("counts mentions in the title while the page is hidden, and tells of them where it was asked to", async () => {
  const [host, clock, life] = [new FakeHost(), new FakeClock(), new AbortController()];
  const store = createStore(host, life.signal, clock);
  store.attach();
  let wanted = false;
  const told: string[] = [];
  let hidden = true;
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
  document.title = "Notebook";
  class Told {
    static readonly permission = "granted";
    onclick: (() => void) | null = null;
    constructor(title: string, { body }: { body: string }) {
      told.push(`${title}: ${body}`);
    }
  }
  watchMentions(store, {
    wanted: () => wanted,
    reveal: () => {},
    document,
    lifetime: life.signal,
    desktop: desktopOf(Told as unknown as typeof Notification, undefined),
  });
  const old = { ...question(1, "@Ada, old"), metadata: { seq: 1, mentions: ["ada"] } };
  host.push({ kind: "snapshot", n: 1, state: chatState({ messages: [old] }) });
  await clock.paint();
  expect(document.title).toBe("Notebook");
  let n = 1;
  const comes = async (text: string, mentions: string[]): Promise<void> => {
    n += 1;
    const message = { ...question(n, text), metadata: { seq: n, mentions } };
    host.push({ kind: "ops", n, ops: [{ op: "message", message }] });
    await clock.paint();
  };
  await comes("for nobody", []);
  expect(document.title).toBe("Notebook");
  await comes("@Ada, look", ["ada"]);
  expect(document.title).toBe("(1) Notebook");
  wanted = true;
  await comes("@Ada, again", ["ada"]);
  expect(document.title).toBe("(2) Notebook");
  expect(told).toEqual(["Bo: @Ada, again"]);
  hidden = false;
  document.dispatchEvent(new Event("visibilitychange"));
  expect(document.title).toBe("Notebook");
  await comes("@Ada, seen at once", ["ada"]);
  expect(document.title).toBe("Notebook");
  expect(told).toHaveLength(1);
});

it("lets a service worker tell where the constructor is refused, and is silent where there is none", async () => {
  const shown: string[] = [];
  class Refused {
    static permission = "granted";
    constructor() {
      throw new TypeError("Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead.");
    }
  }
  const asNotification = Refused as unknown as typeof Notification;
  const registration = { showNotification: async (title: string) => void shown.push(title) };
  const workers = (found: unknown) =>
    ({ getRegistration: async () => found }) as unknown as ServiceWorkerContainer;
  desktopOf(asNotification, workers(registration)).show("Bo", {}, () => {});
  desktopOf(asNotification, workers(undefined)).show("Bo", {}, () => {});
  desktopOf(asNotification, undefined).show("Bo", {}, () => {});
  desktopOf(undefined, workers(registration)).show("Bo", {}, () => {});
  Refused.permission = "denied";
  desktopOf(asNotification, workers(registration)).show("Bo", {}, () => {});
  await settled();
  expect(shown).toEqual(["Bo"]);
});

describe("a notification that is pressed", () => {
  const [host, clock] = [new FakeHost(), new FakeClock()];
  let life: AbortController;
  let store: Store;
  let pressed: () => void;
  let n = 0;

  beforeEach(async () => {
    life = new AbortController();
    store = createStore(host, life.signal, clock);
    store.attach();
    vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    document.title = "Notebook";
    const desktop = {
      show: (_title: string, _options: object, press: () => void) => {
        pressed = press;
      },
    };
    const reveal = (): void => {};
    watchMentions(store, { wanted: () => true, reveal, document, desktop, lifetime: life.signal });
    await enters("team");
    n += 1;
    const message = { ...question(7, "@Ada"), metadata: { seq: 7, mentions: ["ada"] } };
    host.push({ kind: "ops", n, ops: [{ op: "message", message }] });
    await clock.paint();
    host.sent.length = 0;
  });
  afterEach(() => life.abort());

  const enters = async (conversationId: string, messages = [question(1, "Hello")]): Promise<void> => {
    n += 1;
    host.push({ kind: "snapshot", n, state: chatState({ conversationId, messages }) });
    await clock.paint();
  };
  const answers = (ok: boolean): void => {
    const { requestId } = host.all("conversation").at(-1) ?? expect.fail("nothing was asked");
    host.push(
      ok
        ? { kind: "reply", requestId, ok: true, result: null }
        : { kind: "reply", requestId, ok: false, error: { message: "no" } },
    );
  };

  it("shows the message", () => {
    pressed();
    expect(store.target.value).toBe("q7");
  });

  it("goes to its conversation first where the panel shows another by now", async () => {
    await enters("other");
    pressed();
    expect(store.target.value, "it is not in this one").toBeNull();
    expect(host.all("conversation")).toMatchObject([{ action: "open", conversationId: "team" }]);
    answers(true);
    await enters("team", [question(7, "@Ada")]);
    expect(store.target.value).toBe("q7");
    await enters("other");
    await enters("team");
    expect(store.target.value, "once").toBeNull();
  });

  it("shows nothing where that conversation cannot be opened, also when it is opened later", async () => {
    await enters("other");
    pressed();
    answers(false);
    await settled();
    await enters("team");
    expect([store.target.value, host.all("around")]).toEqual([null, []]);
  });

  it("is counted no more after the end, and the title is as it was", async () => {
    expect(document.title).toBe("(1) Notebook");
    life.abort();
    expect(document.title).toBe("Notebook");
    document.dispatchEvent(new Event("visibilitychange"));
    n += 1;
    const message = { ...question(8, "@Ada"), metadata: { seq: 8, mentions: ["ada"] } };
    host.push({ kind: "ops", n, ops: [{ op: "message", message }] });
    await clock.paint();
    expect(document.title).toBe("Notebook");
  });
});
