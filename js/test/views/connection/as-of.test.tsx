// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConnectionInfo } from "../../../src/contract";
import { timeLabel } from "../../../src/views/words";
import { ADA, BO, figures, person } from "../../support/chat";
import { View } from "../../support/view";

const LINE = { provider: "local", model: "smol.gguf", state: "healthy" as const, reason: "" };
const LIVE: ConnectionInfo = { state: "live", attempt: 0, retryAt: null, message: null };
const LOST: ConnectionInfo = { ...LIVE, state: "reconnecting", attempt: 1, message: "Lost." };

let view: View;
beforeEach(() => {
  view = new View();
});
afterEach(() => view.close());

const lostAt = (): string => timeLabel(new Date(view.clock.now()).toISOString());
const dot = (): string => view.find(".provider .dot").className;

describe("what is shown of others while the connection is lost", () => {
  it("is how the provider and the people were, and when", async () => {
    await view.live({ provider: LINE, providers: [figures("local")], typing: ["bo"] });
    view.find(".provider").click();
    await view.painted();
    expect(dot()).toContain("good");
    expect(view.root.querySelector(".presence.past")).toBeNull();
    expect(view.text(".typing")).toContain("Bo");
    await view.ops({ op: "connection", connection: LOST });
    const at = lostAt();
    expect(dot()).toContain("idle");
    expect(view.text(".provider .parts")).toContain(`ready, as of ${at}`);
    expect(view.text(".providers .state")).toBe(`ready, as of ${at}`);
    expect(view.find(".providers .dot").className).toContain("idle");
    expect(view.find(".presence.past").title).toBe(`2 people here, as of ${at}`);
    expect(view.text(".typing")).toBe("");
    await view.pass(600_000);
    expect(view.text(".provider .parts")).toContain(at);
    await view.ops({ op: "connection", connection: LIVE });
    expect(dot()).toContain("good");
    expect(view.root.querySelector(".presence.past")).toBeNull();
  });

  it("is so also of those for whom there is no room", async () => {
    const others = ["Cy", "Di", "Ed", "Flo"].map((name) => person(name.toLowerCase(), name));
    await view.live({ participants: [ADA, BO, ...others] });
    const hidden = (): string => view.find(".presence .rest").title;
    expect(hidden()).not.toContain("as of");
    await view.ops({ op: "connection", connection: LOST });
    expect(hidden()).toContain(`as of ${lostAt()}`);
  });

  it("is not known where this view never saw a live connection", async () => {
    await view.live({ provider: LINE, connection: LOST });
    expect(view.text(".provider .parts")).toContain("not known at present");
    expect(dot()).toContain("idle");
  });

  it("also after the kernel was stopped", async () => {
    await view.live({ provider: LINE });
    view.host.status = "gone";
    view.host.emit("link", undefined);
    await view.painted();
    expect(view.text(".provider .parts")).toContain("ready, as of");
    expect(view.root.querySelector(".presence.past")).not.toBeNull();
  });

  it("goes on as it is while a cell keeps the kernel from listening", async () => {
    await view.live({ provider: LINE });
    view.store.retryConnection();
    await view.pass(2_000);
    await view.ops({ op: "typing", userIds: ["bo"] });
    await view.pass(6_000);
    expect(view.store.kernel.value).toBe("blocked");
    expect(dot()).toContain("good");
  });
});
