/** What the extension of JupyterLab and Notebook says beside the chat itself. */
export const lab = {
  "lab.chat": "Chat",
  "lab.open": "Open",
  "lab.focus": "Focus",
  "lab.ask": "Ask About the Selected Cell",
  "lab.explain": "Explain the Last Error",
  "lab.insert": "Insert Code Below",
  "lab.replace": "Replace the Cell",
  "lab.notify": "Notify Me of Mentions",
  "lab.command": "Chat: {name}",
  "lab.caption": "A live chat with a model and with everybody in the same conversation",
  "lab.loading": "Opening the chat…",
  "lab.absent":
    "This Jupyter server has no chat: its extension conduit_widget.jupyter is not installed or not enabled. “jupyter server extension list” tells which.",
  "lab.denied": "The Jupyter server wants you to sign in again: reload the page.",
  "lab.unreachable": "The Jupyter server does not answer.",
  "lab.unloaded": "The Jupyter server does not send the chat’s browser part.",
  "lab.broken": "The chat could not be opened: {reason}",
  "lab.again": "Try again",
  "lab.unread": { one: "{count} unread", other: "{count} unread" },
} as const;
