// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { render, type VNode } from "preact";
import { expect, it } from "vitest";
import { attacks } from "../../../tests/vectors/attacks.json";
import * as code from "../../src/chunks/drawing/code";
import * as maths from "../../src/chunks/drawing/maths";
import type { Chunks } from "../../src/lazy/chunks";
import { ChunksContext } from "../../src/lazy/lazy";
import { Markdown } from "../../src/markdown/markdown";
import { Typed } from "../../src/markdown/typed";

const MODULES = { code, maths };
const loaded = {
  styles: signal([]),
  state: (name: keyof typeof MODULES) => signal({ module: MODULES[name], error: null }),
  load: async (name: keyof typeof MODULES) => MODULES[name],
} as unknown as Chunks;

/** All that a message is ever made of. */
const ELEMENTS = new Set(
  (
    "a bdi blockquote br button code del div em figcaption figure h3 h4 h5 h6 hr img input kbd li ol p path pre " +
    "span strong sub sup svg table tbody td th thead tr ul math mrow mi mn mo mtext mspace msup msub mfrac mstyle mpadded"
  ).split(" "),
);
const ADDRESS = /^(?:https?:\/\/|mailto:)/;
const FORBIDDEN = /^on|^(?:id|name|srcset|srcdoc|action|formaction|background|data)$/;
const OWN_ICON = ":is(button, a) svg, svg path";

function draw(view: VNode): HTMLElement {
  const root = document.createElement("div");
  render(<ChunksContext.Provider value={loaded}>{view}</ChunksContext.Provider>, root);
  return root;
}

function wrongElement(element: Element): string[] {
  const name = element.tagName.toLowerCase();
  const source = element.getAttribute("src") ?? "";
  return [
    !ELEMENTS.has(name) && `<${name}>`,
    name === "svg" && !element.matches(OWN_ICON) && "an svg of its own",
    name === "input" && !element.matches('[type="checkbox"][disabled]') && "a field",
    name === "img" && !/^data:image\/(?:png|jpeg|gif|webp);/.test(source) && "an image that is fetched",
  ].filter((found) => found !== false);
}

function wrongAttribute({ name, value }: Attr): string[] {
  return [
    FORBIDDEN.test(name) && name,
    /href/.test(name) && !ADDRESS.test(value) && value,
    name === "style" && !/^text-align: ?\w+;?$/.test(value) && `style ${value}`,
  ].filter((found) => found !== false);
}

/** What of a drawn message should not be there. */
function wrong(root: Element): string[] {
  return [...root.querySelectorAll("*")].flatMap((element) => [
    ...wrongElement(element),
    ...[...element.attributes].flatMap(wrongAttribute),
  ]);
}

it.each(attacks)("leaves nothing of %j but its text", ({ text }) => {
  for (const view of [
    <Markdown key="a" text={text} />,
    <Markdown key="b" text={text} open />,
    <Typed key="c" text={text} />,
  ]) {
    const root = draw(view);
    expect(wrong(root)).toEqual([]);
    if (text.trim() && !root.querySelector("math")) expect(root.textContent?.trim()).not.toBe("");
  }
});

it.each(attacks.filter(({ kind }) => kind === "hidden"))("shows where a link leads: %j", ({ text }) => {
  const root = draw(<Markdown text={text} />);
  for (const link of root.querySelectorAll("a")) {
    const url = new URL(link.href);
    const host = url.host || url.pathname;
    expect(link.parentElement?.textContent).toContain(host);
  }
});

it("finds what it looks for", () => {
  const root = document.createElement("div");
  root.innerHTML =
    "<p onclick='1'><iframe></iframe><img src='https://evil.test'><a href='javascript:1'>x</a></p>";
  expect(wrong(root)).toEqual(["onclick", "<iframe>", "an image that is fetched", "javascript:1"]);
});
