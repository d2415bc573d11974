// @vitest-environment happy-dom
import { options, type VNode } from "preact";
import { afterEach, expect, it } from "vitest";
import { answer, chatState, question, token } from "../support/chat";
import { View } from "../support/view";

type Hook = (vnode: VNode) => void;
/** What Preact calls before it renders a component; its own name for it. */
const hooks = options as unknown as { __r?: Hook | undefined };
const known = hooks.__r;

afterEach(() => {
  hooks.__r = known;
});

it("draws the answer alone that a token belongs to", async () => {
  const view = new View();
  const messages = [question(1, "Go on"), answer(2, "Done"), answer(3, "", { status: "streaming" })];
  await view.live({
    ...chatState({ messages, streams: { a3: { text: "", metrics: null } } }),
    conversation: null,
  });
  await view.ops(token("a3", 0, "The first. "));
  const drawn = new Set<string>();
  hooks.__r = (vnode) => {
    if (typeof vnode.type === "function") drawn.add(vnode.type.name);
    known?.(vnode);
  };
  await view.ops(token("a3", 11, "More."));
  for (let picture = 0; picture < 20; picture += 1) await view.painted();
  expect(view.text("[data-message-id=a3] .markdown")).toContain("More.");
  expect(drawn.has("Blocks")).toBe(true);
  const others = ["Chat", "Transcript", "Composer", "Title", "HeaderTools", "CallButton", "MessageContent"];
  expect(others.filter((name) => drawn.has(name))).toEqual([]);
  view.close();
});
