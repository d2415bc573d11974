// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import { pageUser } from "../../src/context/page-user";

afterEach(() => vi.unstubAllGlobals());

it("is asked for again after the server was away, and once when it has said", async () => {
  const config = Object.assign(document.createElement("script"), { id: "jupyter-config-data" });
  config.type = "application/json";
  config.textContent = JSON.stringify({ baseUrl: "/" });
  document.body.append(config);
  const answers = [() => Promise.reject(new TypeError("away")), async () => Response.json({ userId: "ada" })];
  const fetch = vi.fn(() => answers.shift()?.());
  vi.stubGlobal("fetch", fetch);
  expect(await pageUser()).toBeUndefined();
  expect(await pageUser()).toBe("ada");
  expect(await pageUser()).toBe("ada");
  expect(fetch).toHaveBeenCalledTimes(2);
});
