/** What the browser says of what waits for the Jupyter server. Each is its own key, as of what Python says. */
export const waiting = [
  "1,000 messages of this conversation wait for the Jupyter server, the most that are kept: delete some, or send again when they have left.",
  "What waits for the Jupyter server would have more than 50 MiB with this, the limit for each conversation: delete some of it, or send again when it has left.",
  "The Jupyter server may have this message already: its place cannot change any more.",
  "The Jupyter server may have done this already: it cannot be taken back here.",
  "It was deleted, and the deletion waits.",
  "That does not wait here any more: it was sent or deleted.",
  "That is about a message which waits after it.",
  "That conversation was not seen here yet. It can be opened when the Jupyter server is back.",
  "The Jupyter server keeps that: it can be changed when the server is back.",
  "This browser keeps nothing of this page (a private window, or its storage is blocked or full): leave the page open until what waits here is sent.",
  "Only messages and edits have a text.",
  "The browser has no room left to keep this: delete some of what waits, or free some of the disk.",
  "The browser has not kept a file of this message: delete the message, and send it again with the file.",
  "The Jupyter server does not take a file of this message: try again later.",
] as const;
