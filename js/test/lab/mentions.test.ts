// @vitest-environment happy-dom
import { expect, it, vi } from "vitest";
import { desktopOf } from "../../src/lab/panel/desktop";
import { watchMentions } from "../../src/lab/panel/mentions";
import { createStore } from "../../src/store/store";
import { chatState, question } from "../support/chat";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";

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
