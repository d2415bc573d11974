import type { Store } from "../store/store";

/** Whether there is a kernel that tells of its variables: a view that reaches the hub without one has none. */
export function hasVariables(store: Pick<Store, "chat">): boolean {
  return store.chat.value?.variables === true;
}
