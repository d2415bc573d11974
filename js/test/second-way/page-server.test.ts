// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import { pageServer } from "../../src/second-way/page-server";

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

function config(text: string): void {
  const element = document.createElement("script");
  element.id = "jupyter-config-data";
  element.textContent = text;
  document.body.append(element);
}

it("asks the page's server something before it is needed, once for all chats of the page", async () => {
  const fetched = vi.fn(async () => new Response("{}"));
  vi.stubGlobal("fetch", fetched);
  config(JSON.stringify({ baseUrl: "/user/ada/", token: "t" }));
  expect(pageServer()).not.toBeNull();
  expect(pageServer()).not.toBeNull();
  expect(fetched.mock.calls.map(([url]: unknown[]) => new URL(String(url)).pathname)).toEqual([
    "/user/ada/conduit/api/me",
  ]);
});

it("takes no answer for none", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  config(JSON.stringify({ baseUrl: "/user/bob/" }));
  expect(pageServer()).not.toBeNull();
  await new Promise((resolve) => setTimeout(resolve));
});

it("is none where the page came from no Jupyter server", () => {
  expect(pageServer()).toBeNull();
  config("not JSON");
  expect(pageServer()).toBeNull();
});
