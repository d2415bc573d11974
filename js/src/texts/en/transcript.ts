/** The transcript around its messages. */
export const transcript = {
  "transcript.label": "Conversation",
  "transcript.earlier": "Load earlier",
  "transcript.loading": "Loading…",
  "transcript.latest": "Latest",
  "transcript.new": { one: "{count} new message", other: "{count} new messages" },
  "transcript.unread": "New",
  "transcript.today": "Today",
  "transcript.yesterday": "Yesterday",
  "transcript.opening": "Opening the conversation…",
  "transcript.empty": "Ask the model anything.",
  "transcript.emptyShared": "Everybody who opens “{conversation}” sees the same, live.",
} as const;
