// @vitest-environment happy-dom
import { type Signal, signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConnectionInfo } from "../../../src/contract";
import { press, View } from "../../support/view";

let view: View;

beforeEach(() => {
  view = new View();
});

afterEach(() => view.close());

function trying(change: Partial<ConnectionInfo> = {}): ConnectionInfo {
  const message = "No answer from http://127.0.0.1:1; is the hub running?";
  return { state: "connecting", attempt: 1, retryAt: view.clock.now() + 8_000, message, ...change };
}

describe("a hub that was never reached", () => {
  it("gives its reason, counts down and offers a try after a second", async () => {
    await view.live({ connection: trying() });
    expect(view.text(".badge")).toBe("Trying again in 8 s");
    expect(view.root.querySelector(".banner")).toBeNull();
    await view.pass(1_100);
    expect(view.text(".banner")).toContain("is the hub running?");
    view.find<HTMLButtonElement>("button.now").click();
    expect(view.host.all("retry")).toHaveLength(1);
  });

  it("offers a try in words where the countdown would mislead", async () => {
    await view.live({ connection: trying({ retryAt: view.clock.now() + 7_200_000 }) });
    await view.pass(1_100);
    expect(view.root.querySelector("button.now")).toBeNull();
    view.find<HTMLButtonElement>(".banner button").click();
    expect(view.host.all("retry")).toHaveLength(1);
  });

  it("stays explained while the next attempt runs", async () => {
    await view.live({ connection: trying({ retryAt: view.clock.now() - 10 }) });
    await view.pass(1_100);
    expect(view.text(".badge")).toBe("Connecting…");
    expect(view.text(".banner")).toContain("is the hub running?");
  });

  it("says that it waits when the first attempt takes long, without a button that does nothing", async () => {
    await view.live({ connection: trying({ attempt: 0, retryAt: null, message: null }) });
    await view.pass(2_000);
    expect(view.root.querySelector(".banner")).toBeNull();
    await view.pass(7_000);
    expect(view.text(".banner")).toBe("The hub has not answered yet.");
    expect(view.root.querySelector(".banner button")).toBeNull();
  });

  it("shows one plain line of whatever the reason is", async () => {
    await view.live({ connection: trying({ message: `A\u202e\nB${"x".repeat(5_000)}` }) });
    await view.pass(1_100);
    expect(view.text(".banner span")).toMatch(/^A Bx{297}…$/);
  });
});

describe("the badge", () => {
  const now = (): HTMLButtonElement | null => view.root.querySelector("header .now");

  it("has a button beside the countdown that tries at once, and none where nothing is waited for", async () => {
    await view.live({ connection: trying({ state: "reconnecting" }) });
    expect(view.text(".badge")).toBe("Reconnecting in 8 s");
    expect(now()?.textContent).toBe("Now");
    now()?.click();
    expect(view.host.all("retry")).toHaveLength(1);
    await view.live({ connection: trying({ state: "reconnecting", retryAt: null }) });
    await view.painted();
    expect(view.text(".badge")).toBe("Reconnecting…");
    expect(now()).toBeNull();
  });

  it("says that the view is paused, but never hides that the connection is lost", async () => {
    await view.live();
    view.store.pause();
    await view.painted();
    expect(view.text(".badge")).toBe("Paused");
    await view.ops({ op: "connection", connection: trying({ state: "reconnecting" }) });
    expect(view.text(".badge")).toBe("Reconnecting in 8 s");
    view.store.resume();
    await view.live();
    await view.painted();
    expect(view.text(".badge")).toBe("Live");
  });
});

describe("a conversation that Python paused", () => {
  it("says so in the badge, and Resume asks the kernel to go on", async () => {
    await view.live({ paused: true });
    await view.painted();
    expect(view.text(".badge")).toBe("Paused");
    const resume = view.find<HTMLButtonElement>('[aria-label="Resume"]');
    expect(view.text(".paused")).toBe("Paused. Nothing is lost.");
    resume.click();
    await view.painted();
    expect(view.host.all("resume")).toHaveLength(1);
    expect(view.text(".badge")).toBe("Paused");
    await view.ops({ op: "paused", paused: false });
    expect(view.text(".badge")).toBe("Live");
    expect(view.root.querySelector('[aria-label="Resume"]')).toBeNull();
  });

  it("stays paused by a message that is sent; a pause of the view's own ends with it", async () => {
    await view.live({ paused: true });
    view.store.pause();
    view.store.send("Hello");
    await view.painted();
    expect(view.host.all("resume")).toEqual([]);
    expect(view.store.paused.value).toBe(true);
    await view.ops({ op: "paused", paused: false });
    expect(view.store.paused.value).toBe(false);
  });
});

describe("a kernel that is no more", () => {
  it("says whether it stopped or was restarted, and offers no button that could not help", async () => {
    await view.live({ connection: { state: "offline", attempt: 0, retryAt: null, message: "Ended." } });
    view.host.status = "gone";
    view.host.emit("link");
    await view.pass(1_100);
    expect(view.text(".badge")).toBe("Kernel stopped");
    expect(view.text(".banner")).toContain("start it and run the cell again");
    expect(view.root.querySelector(".banner button")).toBeNull();
    view.host.status = "restarted";
    view.host.emit("link");
    await view.painted();
    expect(view.text(".badge")).toBe("Kernel restarted");
  });

  it("is asked again by Try now when nobody knows what became of it", async () => {
    await view.live();
    view.host.emit("link");
    await view.pass(5_100);
    await view.pass(1_100);
    expect(view.text(".badge")).toBe("Kernel not answering");
    const before = view.host.all("hello").length;
    view.find<HTMLButtonElement>(".banner button").click();
    expect(view.host.all("hello").length).toBe(before + 1);
    expect(view.host.all("retry"), "the hub is not what is missing").toEqual([]);
  });
});

it("says of a message on its way what it waits for", async () => {
  await view.live({ connection: trying({ state: "reconnecting" }) });
  press(view.type("Hi"), "Enter");
  await view.painted();
  expect(view.text(".outgoing .foot")).toBe("Waiting for the connection…");
  view.host.broken = true;
  view.store.typed();
  view.host.emit("link");
  await view.painted();
  expect(view.text(".outgoing .foot")).toBe("Waiting for the kernel…");
});

describe("a kernel that is busy", () => {
  const second = (carries: boolean, refusal: string | null): void => {
    const words = signal(refusal ?? "Which way it goes.");
    (view.store.second as Signal).value = {
      ...{ carries: signal(carries), refusal: signal(refusal), words },
      withholds: () => false,
    };
  };
  const blocked = async (): Promise<void> => {
    await view.live();
    view.host.status = "busy";
    view.host.emit("link");
    await view.pass(4_100);
    await view.pass(1_100);
  };

  it("is no trouble while what people do goes past it; the badge tells the way", async () => {
    second(true, null);
    await blocked();
    expect(view.text(".badge")).toBe("Live");
    expect(view.find(".badge").title).toBe("Which way it goes.");
    expect(view.root.querySelector(".banner")).toBeNull();
  });

  it("is explained by why nothing goes past it", async () => {
    await blocked();
    expect(view.text(".banner")).toContain("waits until it ends; Kernel → Interrupt");
    second(false, "You are somebody else.");
    await view.painted();
    expect(view.text(".badge")).toBe("Kernel busy");
    expect(view.text(".banner")).toBe("You are somebody else.");
  });
});
