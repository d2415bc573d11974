/**
 * What is said on the way to the hub, also where no chunk can come any more. Each is its own key: the first chunk holds it
 * once, and English needs no catalogue of it.
 */
export const connection = [
  "Kernel busy",
  "A cell is running. What you do here waits until it ends; Kernel → Interrupt ends it now.",
  "Kernel not answering",
  "The kernel does not answer: it is busy, or it was restarted; then run the cell again.",
  "Page offline",
  "This page has no network. It goes on by itself when the network is back.",
  "This page has lost the Jupyter server. It goes on by itself when the server is back.",
  "Kernel restarted",
  "The kernel was restarted: run the cell again to go on.",
  "Kernel stopped",
  "The kernel was shut down: start it and run the cell again to go on.",
  "A cell is running, and the kernel has not heard this yet. Kernel → Interrupt ends it now.",
  "The hub has not answered yet.",
  "The connection to the hub is lost.",
  "The connection is closed.",
  "No answer came within 30 s. Try again.",
  "Chat",
  "Chat “{name}”",
  "The conversation could not be drawn. Nothing of it is lost; the view tries again by itself.",
] as const;
