/** People in a line: who types, who reacted. */
export const names = {
  "typing.typing": { one: "{who} is typing…", other: "{who} are typing…" },
  "names.others": { one: "{count} other", other: "{count} others" },
  "reaction.given": "{names} reacted with {emoji}",
  "reaction.yours": "{names} reacted with {emoji}. Press to take yours away.",
} as const;
