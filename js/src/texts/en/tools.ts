/** The tools that a model called, in a chunk of their own. */
export const tools = {
  "tools.label": "Tools the model called",
  "tools.unnamed": "A tool",
  "tools.arguments": "Arguments",
  "tools.result": "Result",
  "tools.error": "Error",
  "tools.failed": "failed",
  "tools.noResult": "No result is known.",
  "tools.nothing": "(nothing)",
  "tools.milliseconds": "{time} ms",
} as const;
