import { expect, it, vi } from "vitest";
import { createRoomCarrier } from "../../src/calls/room";
import type { Call } from "../../src/contract";
import { FakeClock } from "../support/fake-clock";

/** The library's room, as far as coming and going is concerned. */
const room = vi.hoisted(() => {
  const listeners = new Map<string, () => void>();
  const fake = {
    state: "disconnected",
    connects: 0,
    remoteParticipants: new Map(),
    localParticipant: { setTrackSubscriptionPermissions() {}, publishData: () => fake.data },
    /** What is being said through the room. */
    data: Promise.resolve(),
    on: (event: string, listener: () => void) => listeners.set(event, listener),
    async connect() {
      fake.connects += 1;
      fake.state = "connected";
    },
    async disconnect() {
      const was = fake.state;
      fake.state = "disconnected";
      if (was === "connected") listeners.get("disconnected")?.();
    },
  };
  return fake;
});
vi.mock("livekit-client", async (original) => ({
  ...(await original<typeof import("livekit-client")>()),
  Room: class {
    constructor() {
      // biome-ignore lint/correctness/noConstructorReturn: the test has the only one
      return room;
    }
  },
}));

it("comes into no room once the call was left", async () => {
  const call = { callId: "c", sfu: { url: "wss://sfu.example", token: "t" } } as Call;
  const events = { signal() {}, pointed() {}, rejoin: async () => {} };
  const carrier = await createRoomCarrier(call, new FakeClock(), events);
  expect(room.connects).toBe(1);
  let heard = (): void => {};
  room.data = new Promise((done) => {
    heard = done;
  });
  carrier.point("here");
  await room.disconnect(); // the server has ended
  carrier.renew(call);
  carrier.close();
  heard();
  await new Promise((done) => setTimeout(done)); // all that waits for nobody
  expect(room).toMatchObject({ connects: 1, state: "disconnected" });
});
