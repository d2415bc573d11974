/** What is drawn inside a message, and the parts that come later. */
export const markdown = {
  "code.label": "Code",
  "code.labelOf": "Code, {language}",
  "code.text": "text",
  "code.drawing": "Drawing the diagram…",
  "image.image": "image",
  "image.load": "Load image from {host}",
  "image.loadNamed": "Load image “{name}” from {host}",
  "task.label": "Task",
  "lazy.failed": "This part could not be loaded. {reason}",
  "lazy.again": "Try again",
  "lazy.nothing": "The kernel sent nothing.",
  "lazy.noPart": "The kernel sent no part of the chat.",
  "lazy.updated": "The chat was updated: reload the page, or run its cell again.",
} as const;
