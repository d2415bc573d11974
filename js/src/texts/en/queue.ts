/** What waits for the hub. */
export const queue = {
  "sheet.queue": "Queued",
  "queue.count": "queued ({count})",
  "queue.about": { one: "{count} thing waits for the hub", other: "{count} things wait for the hub" },
  "queue.intro": "Kept on disk, and sent in this order as soon as the hub can be reached.",
  "queue.none": "Nothing waits for the hub.",
  "queue.more": { one: "{count} more waits.", other: "{count} more wait." },
  "queue.waits": "Queued. It is sent when the hub is back.",
  "queue.asOf": "The hub is away: this is as of {time}.",
  "queue.serverIntro":
    "Kept in this browser, and sent in this order as soon as the Jupyter server can be reached.",
  "queue.serverWaits": "Queued. It is sent when the Jupyter server is back.",
  "queue.serverAsOf": "The Jupyter server is away: this is as of {time}.",
  "queue.edit": "Edit",
  "queue.delete": "Delete",
  "queue.react": "Reaction",
  "queue.earlier": "Send earlier",
  "queue.later": "Send later",
  "queue.fixed": "It may have arrived already, so its place is fixed.",
  "queue.save": "Save",
  "queue.cancel": "Cancel",
} as const;
