"""One chat, in a notebook and at the prompt: ``Chat`` a part a file, its views, what stands behind it."""
