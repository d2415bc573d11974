// In the place of the chat's module that a Jupyter server sends: the test opens and shows it.
export const chat = {
  open: (host, lifetime) => globalThis.givenChat.open(host, lifetime),
  show: (el, store, host, lifetime) => globalThis.givenChat.show(el, store, host, lifetime),
};
