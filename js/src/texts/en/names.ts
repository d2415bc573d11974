/** People in a line: who types, who reacted. */
export const names = {
  "people.label": "Participants",
  "people.here": { one: "{count} person here", other: "{count} people here" },
  "people.noted": "{name} ({notes})",
  "people.you": "you",
  "people.youMark": "(you)",
  "people.active": "here",
  "people.idle": "idle",
  "people.away": "away",
  "people.typing": "typing…",
  "connection.queued": { one: "{count} message waits", other: "{count} messages wait" },
  "typing.typing": { one: "{who} is typing…", other: "{who} are typing…" },
  "names.others": { one: "{count} other", other: "{count} others" },
  "reaction.given": "{names} reacted with {emoji}",
  "reaction.yours": "{names} reacted with {emoji}. Press to take yours away.",
} as const;
