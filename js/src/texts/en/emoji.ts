/** The emoji picker. */
export const emoji = {
  "emoji.label": "Emoji",
  "emoji.search": "Search emoji",
  "emoji.recent": "Recent",
  "emoji.smileys": "Smileys",
  "emoji.people": "People",
  "emoji.nature": "Animals and nature",
  "emoji.food": "Food and drink",
  "emoji.travel": "Travel and places",
  "emoji.activities": "Activities",
  "emoji.objects": "Objects",
  "emoji.symbols": "Symbols",
  "emoji.flags": "Flags",
  "emoji.none": "No emoji is called that.",
} as const;
