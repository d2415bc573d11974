// In the place of the lab extension's panel: notes which chats are opened.
export async function openKept(_place, _transcript, { lifetime }) {
  globalThis.openedChats.push(lifetime);
  await globalThis.whileOpening?.();
}
