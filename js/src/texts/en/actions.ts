/** What can be done with a message. */
export const actions = {
  "actions.label": "Actions",
  "actions.reply": "Reply",
  "actions.react": "React",
  "actions.edit": "Edit",
  "actions.delete": "Delete",
  "actions.regenerate": "Regenerate",
  "actions.regenerateWith": "Regenerate with {model}",
  "actions.copyCell": "Copy as a cell",
  "actions.more": "More",
  "actions.reactWith": "React with {emoji}",
  "edit.label": "Edit the message",
  "edit.save": "Save",
  "edit.saveAsk": "Save and ask again",
  "edit.cancel": "Cancel",
  "edit.hint": "Enter saves, Shift+Enter breaks the line, Escape cancels",
} as const;
