// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ConversationSettings, MemberRole } from "../../src/contract";
import { ADA, answer, chatState, figures, question } from "../support/chat";
import { press, View } from "../support/view";

const WHY = "Your Jupyter account may read here and not write.";

let view: View;
beforeEach(() => {
  view = new View();
  Object.defineProperty(navigator, "mediaDevices", { value: { getUserMedia() {} }, configurable: true });
});
afterEach(() => {
  view.close();
  Reflect.deleteProperty(navigator, "mediaDevices");
});

const settings = (role: MemberRole): ConversationSettings => ({
  conversationId: "team",
  visibility: "members",
  assistant: "always",
  role,
});
const named = (name: string): HTMLButtonElement[] => [
  ...view.root.querySelectorAll<HTMLButtonElement>(`button[aria-label="${name}"]`),
];

describe("who may read and not write", () => {
  it("is offered nothing to send, and told why", async () => {
    view.host.traits.starters = ["Why?"];
    view.host.emit("starters");
    const providers = [figures("a", { models: ["x", "y"] })];
    await view.live({ readOnly: WHY, call: null, providers });
    for (const name of ["Attach", "Record a voice message", "Send", "Model", "Parameters", "Call"]) {
      const [button] = named(name);
      expect(button?.disabled, name).toBe(true);
      expect(button?.title, name).toBe(WHY);
    }
    expect(view.root.querySelector(".starters")).toBeNull();
    const data = new DataTransfer();
    data.items.add(new File(["text"], "notes.txt"));
    view.find(".chat").dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer: data }));
    await view.painted();
    expect(view.host.sent.some(({ kind }) => kind.startsWith("file"))).toBe(false);
    expect(view.root.querySelector('[aria-label="Files for the next message"]')).toBeNull();
  });

  it("stops nobody's answer", async () => {
    const messages = [question(1, "Why?"), answer(2, "", { status: "streaming" })];
    await view.live({ readOnly: WHY, messages });
    expect(view.root.querySelector("button.stop")).toBeNull();
    press(view.find(".chat"), "Escape");
    expect(view.host.all("stop")).toEqual([]);
    await view.live({ messages });
    expect(view.root.querySelector("button.stop")).not.toBeNull();
  });

  it("is so by their role in the conversation, too, until an owner lets them write", async () => {
    await view.live({ conversation: settings("reader") });
    const attach = (): HTMLButtonElement | undefined => named("Attach")[0];
    expect(attach()?.disabled).toBe(true);
    expect(named("Send")[0]?.title).toBe("This access may read and not write.");
    await view.live({ conversation: settings("member") });
    expect(attach()?.disabled).toBe(false);
  });

  it("may copy a message, and neither change it nor add to it", async () => {
    const marked = { ...question(1, "Look", ADA), metadata: { seq: 1, reactions: { "👍": ["bo"] } } };
    await view.live({
      readOnly: WHY,
      messages: [marked, answer(2, "Half", { status: "interrupted" })],
    });
    for (const article of view.root.querySelectorAll("article")) {
      article.focus();
      await view.painted();
      expect(
        [...article.querySelectorAll(".toolbar button")].map((each) => each.getAttribute("aria-label")),
      ).toEqual(["Copy", "More"]);
    }
    expect(view.find<HTMLButtonElement>(".reaction").disabled).toBe(true);
    expect(view.find<HTMLButtonElement>(".retry").disabled).toBe(true);
  });
});

describe("a kernel that has ended", () => {
  const gone = async (): Promise<void> => {
    view.host.status = "gone";
    view.host.emit("link");
    await view.painted();
  };
  const live = ["Stop", "Pause"];
  const offered = (): string[] =>
    [...view.root.querySelectorAll(".composer button")].flatMap((each) =>
      live.filter((name) => each.getAttribute("aria-label") === name || each.textContent === name),
    );

  it("loads, stops and pauses nothing", async () => {
    await view.live({ messages: [question(1, "Why?"), answer(2, "", { status: "streaming" })] });
    for (let second = 0; second < 5; second += 1) await view.pass(1_000);
    expect(view.text("article.answer")).toMatch(/Waiting for the first token/);
    expect(offered().sort()).toEqual(["Pause", "Stop"]);
    await gone();
    expect(view.text("article.answer")).toContain("this answer is not heard here any more");
    expect(view.root.querySelector("article.answer .dots")).toBeNull();
    expect(view.find("article.answer").getAttribute("aria-busy")).toBe("false");
    expect(offered()).toEqual([]);
  });

  it("leaves what was written, and nobody typing", async () => {
    const messages = [answer(1, "", { status: "streaming" })];
    await view.live({ messages, typing: ["bo"], streams: { a1: { text: "So far", offset: 6 } } as never });
    expect(view.text(".typing")).toContain("Bo");
    await gone();
    expect(view.text("article.answer .body")).toBe("So far");
    expect(view.find("article.answer").className).not.toContain("open");
    expect(view.text(".typing")).toBe("");
    expect(offered()).toEqual([]);
  });
});

describe("a person's picture", () => {
  const pictures = (): HTMLImageElement[] => [...view.root.querySelectorAll<HTMLImageElement>(".avatar img")];
  const withPicture = async (avatarUrl: string | null): Promise<void> => {
    const bo = { ...(chatState().participants[1] ?? ADA), avatarUrl };
    await view.live({ participants: [ADA, bo], messages: [question(1, "Hello")] });
  };

  it("stands where the initials stand, who is here and who wrote", async () => {
    await withPicture("/static/bo.png");
    expect(pictures().map((each) => each.getAttribute("src"))).toEqual(["/static/bo.png", "/static/bo.png"]);
    for (const picture of pictures()) {
      expect(picture.getAttribute("referrerpolicy")).toBe("no-referrer");
      expect(picture.alt).toBe("");
      expect(picture.parentElement?.textContent).toBe("B");
    }
  });

  it("gives way to the initials when it cannot be had", async () => {
    await withPicture("https://faces.example/bo.png");
    for (const picture of pictures()) picture.dispatchEvent(new Event("error"));
    expect(pictures().map(({ hidden }) => hidden)).toEqual([true, true]);
  });

  it.each([
    null,
    "http://faces.example/bo.png",
    "//faces.example/bo.png",
    "javascript:alert(1)",
    "data:text/html,x",
    "\\hub/logout",
  ])("%s is none", async (address) => {
    await withPicture(address);
    expect(pictures()).toEqual([]);
  });

  it("is not asked of the page's own server by a whole address", async () => {
    vi.stubGlobal("location", { origin: "https://hub.example" });
    await withPicture("https://hub.example/hub/logout");
    expect(pictures()).toEqual([]);
    await withPicture("https://faces.example/bo.png");
    expect(pictures()).toHaveLength(2);
    vi.unstubAllGlobals();
  });
});
