// The part that the views of a store have in its conversation's call.
import { computed } from "@preact/signals";
import type { Store } from "../store/store";
import { callPlaceOf } from "../views/calls/call-place";
import { createMesh } from "./mesh";
import { type CallSession, createCallSession } from "./session";
import { kernelPlace } from "./signalling";

const sessions = new WeakMap<Store, CallSession>();

/** One for all views of a store: a page is heard once. */
export function sessionOf(store: Store): CallSession {
  const known = sessions.get(store);
  if (known) return known;
  const place = kernelPlace(store, {
    call: computed(() => store.chat.value?.call ?? null),
    connection: store.connection,
    place: computed(() => callPlaceOf(store)),
  });
  const session = createCallSession({
    place,
    clock: store.clock,
    lifetime: store.lifetime,
    async keep(picture) {
      const { attachingOf } = await store.chunks.load("files");
      attachingOf(store).add([picture]);
    },
    async carrier(selfId, call, events) {
      if (!call.sfu) return createMesh(selfId, call.iceServers ?? [], store.clock, events);
      const { createRoomCarrier } = await store.chunks.load("livekit");
      return createRoomCarrier(call, store.clock, events);
    },
  });
  sessions.set(store, session);
  return session;
}
