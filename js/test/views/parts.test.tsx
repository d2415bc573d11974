// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { plainLine, plainName } from "../../src/plain";
import { Boundary } from "../../src/views/boundary";
import { person, question } from "../support/chat";
import { press, View } from "../support/view";

let view: View;

beforeEach(() => {
  view = new View();
});

afterEach(() => view.close());

describe("the composer", () => {
  it("keeps the indentation of the first line and drops space at the end", async () => {
    await view.live();
    press(view.type("    if x:\n        y()  \n\n"), "Enter");
    expect(view.host.all("send")).toMatchObject([{ text: "    if x:\n        y()" }]);
  });

  it("takes the direction of what is written", () => {
    expect(view.find("textarea").getAttribute("dir")).toBe("auto");
  });

  it("gives the stylesheet its text, so that nothing measures the field", async () => {
    await view.live();
    view.type("one\ntwo");
    await view.painted();
    expect(view.find(".grow").dataset.text).toBe("one\ntwo");
    expect(view.find("textarea").style.height).toBe("");
  });
});

describe("a part that fails", () => {
  it("takes nothing else with it, and is there again when it can be drawn", async () => {
    const errors = vi.spyOn(console, "error").mockImplementation(() => {});
    await view.live({ typing: 7 as never, messages: [question(1, "Still here")] });
    expect(view.root.querySelector(".typing")).toBeNull();
    expect(view.text(".bubble")).toBe("Still here");
    expect(view.text(".badge")).toBe("Live");
    expect(errors).toHaveBeenCalled();
    errors.mockClear();
    await view.ops({ op: "typing", userIds: ["bo"] });
    await view.pass(5_100);
    expect(view.text(".typing")).toBe("Bo is typing…");
  });

  it("shows what stands for it, where something does", async () => {
    const errors = vi.spyOn(console, "error").mockImplementation(() => {});
    const Broken = (): never => {
      throw new Error("no");
    };
    const parent = document.createElement("div");
    render(
      <Boundary clock={view.clock} fallback={<p>Later.</p>}>
        <Broken />
      </Boundary>,
      parent,
    );
    await view.painted();
    expect(parent.textContent).toBe("Later.");
    render(null, parent);
    errors.mockClear();
  });
});

describe("what others wrote about themselves", () => {
  it("is plain and short, in names, avatars and the provider line", async () => {
    const odd = { ...person("x", `Eve\u202e\u200b (owner)\n${"z".repeat(500)}`), initials: "\u202e👩‍💻Zed" };
    await view.live({
      participants: [odd],
      typing: ["x"],
      conversationId: "te\u202eam",
      provider: { provider: "p\u200bq", model: "m".repeat(500_000), state: "down", reason: "r\u2066s\nt" },
    });
    expect(view.find(".presence .person").title).toMatch(/^Eve \(owner\) z+…$/);
    expect([...view.find(".presence .person").title].length).toBeLessThanOrEqual(65);
    expect(view.text(".avatar")).toBe("👩\u200d");
    expect(view.text(".typing")).toMatch(/^Eve \(owner\) z+… is typing…$/);
    expect(view.text(".title")).toBe("team");
    expect(view.text(".provider").length).toBeLessThan(200);
    expect(view.text(".provider")).toMatch(/^pqm+…not reachablers t$/);
  });

  it("keeps joiners, letters of every script and whole characters", () => {
    expect(plainName("علی‌رضا")).toBe("علی‌رضا");
    expect(plainName("👩‍💻 Ada")).toBe("👩‍💻 Ada");
    expect(plainLine("😀".repeat(10), 5)).toMatch(/^😀+…$/u);
    expect(plainLine(7)).toBe("");
    expect(plainLine(" \u200b\n ")).toBe("");
  });
});

it("fills what the layout gives it and leaves the page as it was", () => {
  expect(view.el.classList.contains("conduit-view")).toBe(true);
  view.life.abort();
  expect(view.el.childElementCount).toBe(0);
  expect(view.el.classList.contains("conduit-view")).toBe(false);
});
