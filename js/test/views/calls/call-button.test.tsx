// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createResuming, wasInCall } from "../../../src/calls/resuming";
import type { Call } from "../../../src/contract";
import { callPlaceOf } from "../../../src/views/calls/call-place";
import { View } from "../../support/view";

const CALL: Call = {
  ...{
    callId: "c",
    conversationId: "team",
    startedAt: "2026-01-01T00:00:00Z",
    iceServers: [],
    iceTtl: null,
    sfu: null,
  },
  peers: [
    {
      ...{ peerId: "p", userId: "bo", userName: "Bo", joinedAt: "2026-01-01T00:00:00Z" },
      media: { audio: true, video: false, screen: false },
    },
  ],
};

let view: View;
beforeEach(() => {
  view = new View();
});
afterEach(() => view.close());

it("is not there with a kernel that knows of no calls", async () => {
  await view.live();
  expect(view.root.querySelector(".call-button")).toBe(null);
});

it("says how many talk, and follows", async () => {
  await view.live({ call: null });
  expect(view.find(".call-button").getAttribute("aria-label")).toBe("Call");
  await view.ops({ op: "call", call: CALL });
  expect(view.find(".call-button").getAttribute("aria-label")).toBe("Call: 1 person in it");
  expect(view.text(".call-count")).toBe("1");
  await view.ops({ op: "call", call: null });
  expect(view.text(".call-button")).toBe("");
});

it("after a reload the chat comes back that was in the call, not another of the same conversation", async () => {
  await view.live({ call: CALL });
  const other = new View();
  other.host.traits.saved_class = "conduit-other";
  await other.live({ call: CALL });
  const place = callPlaceOf(view.store);
  const entries = vi.spyOn(performance, "getEntriesByType");
  entries.mockReturnValue([{ type: "reload" } as PerformanceNavigationTiming]);
  createResuming(view.clock, () => place).keep();
  const comesBack = (each: View): boolean => wasInCall(each.clock.now(), callPlaceOf(each.store));
  expect([comesBack(view), comesBack(other)]).toEqual([true, false]);
  entries.mockReturnValue([{ type: "navigate" } as PerformanceNavigationTiming]);
  expect(comesBack(view)).toBe(false);
  entries.mockRestore();
  other.close();
});
